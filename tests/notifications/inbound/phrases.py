"""What people text, in five languages, and what it is: the kind, then what belongs to it."""

STOPS = """
STOP|Stop|stop.|STOP!!!|  stop  |Stop. Thank you|please stop|stop please|STOP STOP STOP|stop now
stop thanks|ok stop|just stop|STOPALL|stop all|UNSUBSCRIBE|unsubscribe please|Cancel|END|QUIT|quit.
revoke|OPT OUT|opt-out|Opt out please|optout|remove|TD|stop texting me|Please stop texting me!
Leave me alone|leave me alone please|no more texts|NO MORE MESSAGES|Don't text me|dont text me again
do not text me anymore|do not contact me|take me off your list|Take me off|remove me from this list
please remove my number|unsubscribe me|opt me out|I want to opt out|could you stop texting me?
stop sending me these|Stop messaging|stop sms|stop it
ARRET|Arrêt|arrêter|ARRÊTEZ|arretez svp|désabonner|Désabonnement|désinscrire|stop sms|STOP merci
je ne veux plus recevoir de messages|Ne plus recevoir|plus de SMS svp|laissez-moi tranquille
Laissez moi tranquille !|arrêtez de m'envoyer des SMS|arretez les sms|ne m'envoyez plus rien
ne m'écrivez plus|désabonnez-moi|supprimez mon numéro|stop s'il vous plaît
Wypisz|wypisz mnie|Rezygnuję|rezygnuje|KONIEC|przestańcie|stop proszę|proszę nie pisać
Proszę nie pisać do mnie więcej|nie piszcie do mnie|nie wysyłajcie mi sms|nie chce dostawac sms
nie chcę otrzymywać wiadomości|wypiszcie mnie|proszę mnie wypisać|dajcie mi spokój
przestańcie pisać|usuńcie mój numer
СТОП|стоп|Стоп, пожалуйста|отписаться|Отписка|отпишите меня|хватит|прекратите|не пишите
Не пишите мне больше|больше не пишите|не присылайте мне смс|оставьте меня в покое|хватит писать
отпишите меня пожалуйста|удалите мой номер|прекратите писать
BAJA|baja|Alto|PARAR|pare por favor|darme de baja|Quiero darme de baja|stop gracias
no me escriban más|no más mensajes|No mas sms|dejen de escribirme|no quiero recibir mensajes
déjenme en paz|dejenme en paz|borren mi número|no me envíen nada
"""
STARTS = """
START|start|Unstop|YES|yes.|resume|start please|démarrer|Reprendre|wznów|Zapisz mnie|СТАРТ|начать
старт пожалуйста|alta|Iniciar
"""
HELPS = """
HELP|help!|Help me|INFO|info?|help please|AIDE|aide svp|Aidez-moi|POMOC|pomocy|ПОМОЩЬ|помогите
инфо|AYUDA|ayuda por favor
"""
TOPICS = {
    "reminders": "STOP REMINDERS|stop reminders please|Stop rappels|stop les rappels|"
    "STOP przypomnienia|bez przypomnień|стоп напоминания|stop recordatorios|baja recordatorios",
    "questions": "stop questions|stop substitutes|stop zamienniki|стоп замены|stop preguntas",
    "afterwards": "stop surveys|STOP RECEIPTS|stop avis|stop ankiety|стоп отзывы|stop encuestas",
}
PERHAPS_STOPS = """
stpo|sotp|stoop|Stopp|STOOOP|unsuscribe|unsubcribe|unsubscribed|stop spam|stop this now please|spam
wrong number|Annuler|annulez|mauvais numéro|desabonne|anuluj|pomyłka|отмена|спам|ошиблись номером
cancelar|número equivocado|стооп|stop 12345|stop w1001
why is there no more texts about it|Почему вы не пишите, готов ли заказ?
why do you not stop texting me
"""
# text | spot | place
HERES = """
HERE||
here!||
Here 12|12|
HERE a 7.|A7|
here A7|A7|
HERE #5|5|
here spot 3|3|
here at spot 3|3|
here, bay 12|12|
here number 4|4|
I'm here||
Im here spot 2|2|
I am here||
hi, I'm here||
We are here||
Arrived||
I have arrived||
I've arrived at spot 4|4|
just arrived||
here now||
I'm outside||
outside||
parked||
here by the trees||by the trees
Here, blue Ford||blue Ford
I'm here in the red car||in the red car
here to pick up my order||
here for order W-1001||
here at the main entrance||at the main entrance
spot 7|7|
Bay 3|3|
parking spot 12|12|
ICI||
ici, place 3|3|
Ici place A3|A3|
Je suis ici||
je suis là||
Là||
la 4|4|
je suis arrivé||
Arrivée||
ARRIVE||
arrivé place 12|12|
bonjour je suis arrivée||
On est là||
ici devant la porte||devant la porte
je suis là devant l'entrée||devant l'entrée
place 6|6|
sur place||
JESTEM||
jestem!||
Jestem #5|5|
jestem 7|7|
Jestem na miejscu||
jestem na miejscu 4|4|
jestem na parkingu||na parkingu
Jestem przy wejściu||przy wejściu
dzień dobry, jestem||
już jestem||
TUTAJ||
tutaj 3|3|
przyjechałem||
Przyjechałam, miejsce 2|2|
Jesteśmy||
na miejscu||
miejsce 9|9|
stanowisko 5|5|
tu 3|3|
ЗДЕСЬ||
здесь 5|5|
ЗДЕСЬ у входа||у входа
я здесь||
Мы здесь||
тут||
Тут 12|12|
тут у входа||у входа
Приехал||
приехала, место 4|4|
Я приехала||
уже здесь||
на месте||
я на месте||
место 8|8|
здравствуйте, я приехал||
AQUÍ||
aqui||
Aquí 5|5|
Estoy aquí||
ya estoy aquí||
estoy aquí plaza 3|3|
Llegué||
ya llegue||
he llegado||
hola, llegué||
estoy afuera||
plaza 4|4|
aquí en la puerta||en la puerta
"""
# text | minutes or nothing
COMINGS = """
OMW|
omw 10|10
OMW 10 min|10
omw in 15 minutes|15
On my way|
on my way!|
I'm on my way, 20 min|20
on the way|
coming|
be there in 5|5
I'll be there in 10 minutes|10
here in 10 minutes|10
I'm here in 5 min|5
I will be there in about 20 minutes|20
eta 15|15
ETA 10 min|10
leaving now, be there in 15|15
omw, half an hour|30
on my way, ten minutes|10
omw 1h|60
omw 1h30|90
en route|
En route, 10 min|10
en chemin|
j'arrive|
J'arrive dans 10 minutes|10
j’arrive !|
arrive dans 5 min|5
je suis en route|
on arrive dans 20 min|20
Jadę|
jade 15|15
jadę, 10 minut|10
Jestem w drodze|
w drodze 20 min|20
będę za 15 minut|15
bede za 10 min|10
jestem za 5 minut|5
będziemy za pół godziny|30
już jadę|
ЕДУ|
еду 10|10
еду, 15 минут|15
буду через 20 минут|20
Буду через полчаса|30
выезжаю|
в пути|
здесь через 10 минут|10
VOY|
voy 10|10
voy en camino|
en camino, 20 minutos|20
ya voy|
llego en 10 minutos|10
estoy en camino|
"""
LATES = """
LATE|
late 20|20
LATE 15 min|15
running late|
I'm running late|
running 10 minutes late|10
I'll be late|
I'll be 15 minutes late|15
20 min late|20
sorry, running late|
en retard|
en retard de 10 min|10
je serai en retard de 20 minutes|20
10 minutes de retard|10
retard 15|15
spóźnię się|
spóźnię się 15 minut|15
Spóźnię się o 20 min|20
spoznie sie 10|10
опаздываю|
опаздываю на 15 минут|15
Опоздаю на 20 минут|20
задерживаюсь|
llego tarde|
llego tarde 10 minutos|10
retraso 20|20
"""
WHERES = """
WHERE|where?|Where are you?|where is the store?|address|Address please|hours|opening hours|map|lost
I'm lost|directions please|où|Où êtes-vous ?|adresse|horaires|je suis perdu|gdzie|Gdzie jesteście?
adres|godziny otwarcia|jaki adres?|где|Где вы находитесь?|адрес|часы работы|куда ехать?|dónde
¿Dónde están?|dirección|horario|estoy perdido|are you open?
"""
AGENTS = """
AGENT|agent please|human|I want to talk to a person|call me|please call me|conseiller
je veux parler à quelqu'un|rappelez-moi|konsultant|proszę o telefon|zadzwońcie|оператор
перезвоните|позвоните мне|agente|llámame|quiero hablar con alguien|real person
"""
# text | numbers
NUMBERS = """
2|2
#3|3
 1.|1
1,3|1 3
1 and 2|1 2
1 et 2|1 2
1 i 3|1 3
number 2|2
12|12
option 1|1
2 please|2
номер 2|2
numéro 3|3
"""
# text | answer
ANSWERS = {
    "OK": True,
    " ok! ": True,
    "ok thanks": True,
    "Okay": True,
    "ОК": True,
    "Tak.": True,
    "tak, dziękuję": True,
    "oui": True,
    "d'accord": True,
    "да": True,
    "sí": True,
    "Vale": True,
    "👍": True,
    "👍🏽": True,
    "👎": False,
    "НЕТ": False,
    "no": False,
    "no thanks": False,
    "No, gracias": False,
    "non merci": False,
    "NIE": False,
    "OK 1": {1: True},
    "ok 1, 3 no 2": {1: True, 3: True, 2: False},
    "NIE 2 OK 1": {2: False, 1: True},
    "ok 1 and 2": {1: True, 2: True},
    "no 2": {2: False},
    "да 1 нет 2": {1: True, 2: False},
}
POLITES = "thanks|Thank you!|thank you very much|merci|Merci beaucoup !|dziękuję|спасибо|gracias"
TALKS = """
which bus stop?|which bus stop|got to STOP this bill|I will be at the bus stop in front|is it here?
are you here|are you here?|where is my order?|is my order late?|my order is late
Can I cancel my order
cancel my order please|please cancel order 1234|can you add milk|do you have oat milk
I like this stop
how do I start the return|can my wife pick it up
My car is a blue Ford|what time do you close on Sunday
here you go|here is my order number|the address is wrong|call my wife
don't stop texting me|I can't come today
coming tomorrow|I'm coming on Saturday|voy a las 5|voy mañana
can I come at 5pm|here at 5pm tomorrow|I'll be there at 6|the end of the street|yes I will|no idea
À quel arrêt de bus ?|la commande est prête ?|la commande est en retard
je voudrais annuler ma commande
est-ce que je peux venir demain|il manque le lait|j'arrive demain matin|on arrive à 18h
jestem chory i nie przyjadę|jestem na nie|czy moje zamówienie jest gotowe?|brakuje mleka
заказ готов?|можно забрать завтра|я не смогу приехать
¿está listo mi pedido?|falta la leche|puedo ir mañana|para mañana por favor te digo
"""
AUTOMATICS = """
I'm driving with Do Not Disturb While Driving turned on. I'll see your message when I get there.
Sorry, I can't talk right now.
Automatic reply: I am out of office until Monday
Réponse automatique : je suis absent
Automatyczna odpowiedź: jestem na urlopie
Автоответ: я за рулём
Respuesta automática: estoy de vacaciones
Liked “Grocer: your order is ready. PIN 1234”
Loved “we know you are here”
A aimé « votre commande est prête »
Reacted 👍 to “your order is ready”
"""
UNCLEARS = "???|asdf|hre|w1001x|1234567|hmm"
EMPTIES = ["", " ", "\U0001f600", "...", "\u200b\u202e", "\x00", "❤️"]


def split(table):
    """The texts of a table; a new line parts them as «|» does."""
    return [text for line in table.strip("\n").split("\n") for text in line.split("|")]


def rows(table):
    """The rows of a table, each in its columns."""
    return [line.split("|") for line in table.strip("\n").split("\n")]
