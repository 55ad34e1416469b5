"""The words of the grammar, by language. Written as people write them; folded when read.

A word that several languages share stands with each of them: it says nothing of the language.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from notifications.inbound.normal import fold

LANGUAGES = ("en", "fr", "pl", "ru", "es")
Words = Mapping[str, str]  # by language; the phrases are separated by «|»

# Whole messages that end all texts. The first line is what carriers keep: it counts in every
# language, and nobody may be told to use one of them for anything else.
CARRIERS_STOP = "stop|stopall|stop all|unsubscribe|cancel|end|quit|revoke|optout|opt out|remove|td"
STOP: Words = {
    "en": "stop texting|stop texts|stop messages|stop messaging|stop sms|stop everything|stop it",
    "fr": "arrêt|arrêter|arrêtez|arrête|désabonner|désabonnement|me désabonner|désinscription|"
    "désinscrire|stop tout|tout arrêter|stop sms|stop textos",
    "pl": "wypisz|wypisz mnie|rezygnuję|rezygnacja|koniec|przestań|przestańcie|stop wszystko|"
    "stop wszystkie",
    "ru": "стоп|стоп все|отписаться|отписка|отпишите|отпишите меня|отпиши|хватит|прекратите|"
    "прекрати",
    "es": "baja|alto|parar|pare|paren|darme de baja|dar de baja|dame de baja|fin|stop todo|"
    "stop todos|suspender",
}
START: Words = {
    "en": "start|unstop|yes|subscribe|resume",
    "fr": "start|démarrer|reprendre|commencer|réabonner",
    "pl": "start|wznów|zapisz|zapisz mnie",
    "ru": "старт|начать|возобновить|подписаться",
    "es": "start|iniciar|empezar|comenzar|alta|reanudar",
}
HELP: Words = {
    "en": "help|info|help me|information",
    "fr": "aide|info|infos|aidez moi|à l’aide|information",
    "pl": "pomoc|info|pomocy|pomóż|informacja",
    "ru": "помощь|инфо|справка|помогите|информация",
    "es": "ayuda|info|ayúdame|ayúdenme|información",
}
# After a word for stopping: which texts shall end.
TOPIC_STOPS = (
    "stop|unsubscribe|no more|arrêt|arrêter|arrêtez|stopper|стоп|без|хватит|baja|no más|bez"
)
TOPICS: Mapping[str, Words] = {
    "reminders": {
        "en": "reminders|reminder",
        "fr": "rappels|rappel|les rappels",
        "pl": "przypomnienia|przypomnień|przypomnienie",
        "ru": "напоминания|напоминаний|напоминание",
        "es": "recordatorios|recordatorio",
    },
    "questions": {
        "en": "questions|substitutes|substitutions",
        "fr": "questions|remplacements|substitutions",
        "pl": "pytania|pytań|zamienniki|zamienników",
        "ru": "вопросы|вопросов|замены|замен",
        "es": "preguntas|sustitutos|sustituciones",
    },
    "afterwards": {
        "en": "receipts|surveys|ratings|feedback|thanks",
        "fr": "reçus|avis|enquêtes|sondages",
        "pl": "paragony|paragonów|ankiety|ankiet|opinie",
        "ru": "чеки|чеков|опросы|опросов|отзывы",
        "es": "recibos|encuestas|opiniones",
    },
}
# Before other words they are still likely to mean it.
HINTS = (
    "stop|unsubscribe|stopall|arrêt|arrêtez|стоп|optout|wypisz|отписаться|отпишите|désabonner|"
    "désinscrire"
)
# Said to people who ask the hub to leave them alone; anywhere in a short message.
LEAVE_ME: Words = {
    "en": "leave me alone|no more texts|no more messages|no more sms|stop texting me|"
    "stop messaging me|stop texting|stop messaging|stop sending|stop contacting|do not text me|"
    "dont text me|do not contact me|dont contact me|do not message me|dont message me|"
    "take me off|remove me|remove my number|delete my number|unsubscribe me|opt me out|"
    "i opt out|want to opt out|i want to unsubscribe|stop these texts|stop these messages|"
    "stop the texts|stop the messages|i revoke|never text me|quit texting",
    "fr": "ne plus recevoir|veux plus recevoir|souhaite plus recevoir|veux plus de|"
    "plus de sms|plus de messages|plus de textos|laissez moi tranquille|"
    "fichez moi la paix|arrêtez de menvoyer|arrêtez les sms|arrêtez vos sms|arrêtez les messages|"
    "arrêtez de mécrire|ne menvoyez plus|ne mécrivez plus|ne me contactez plus|me désabonner|"
    "désabonnez moi|désinscrivez moi|supprimez mon numéro|retirez mon numéro|"
    "cessez de menvoyer",
    "pl": "proszę nie pisać|nie piszcie|nie pisz do mnie|nie pisać do mnie|nie wysyłajcie|"
    "nie wysyłać|proszę nie wysyłać|nie chcę sms|nie chcę dostawać|nie chcę otrzymywać|"
    "nie chcę więcej|proszę o wypisanie|wypiszcie mnie|proszę mnie wypisać|przestańcie pisać|"
    "dajcie mi spokój|dajcie spokój|usuńcie mój numer|proszę usunąć mój numer|"
    "proszę zaprzestać",
    "ru": "не пишите|не присылайте|не отправляйте|не шлите|больше не пишите|оставьте меня в покое|"
    "отстаньте|прекратите писать|хватит писать|хватит слать|отпишите меня|удалите мой номер|"
    "не надо мне писать|не хочу получать|уберите мой номер|прекратите присылать",
    "es": "no me escriban|no me escriba|no me escribas|no más mensajes|no más sms|no más textos|"
    "dejen de escribir|dejen de escribirme|dejen de enviar|dejen de enviarme|dejen de mandar|"
    "no quiero recibir|no quiero más mensajes|no envíen más|no me envíen|no me manden|"
    "déjenme en paz|darme de baja|dar de baja|denme de baja|borren mi número|eliminen mi número|"
    "no me contacten",
}
# Before one of these it means the contrary.
KEPT_ON = "dont|do not|never|not|nie|не|no"
# Beginnings of questions why nothing comes; they hold the same words.
WHY = "why|pourquoi|dlaczego|czemu|почему|зачем|por qué|how come|comment"
# Not said to end texts by all who use them: whoever does is asked.
PERHAPS_STOP: Words = {
    "en": "spam|wrong number|wrong person|not me|who is this|scam|this is spam|go away|shut up",
    "fr": "annuler|annulez|spam|mauvais numéro|erreur de numéro|faux numéro|résilier",
    "pl": "anuluj|anulować|spam|pomyłka|zły numer|to pomyłka|nie znam",
    "ru": "отмена|отменить|спам|ошиблись номером|не туда|вы ошиблись|не тот номер",
    "es": "cancelar|cancela|spam|número equivocado|equivocado|anular",
}
HERE: Words = {
    "en": "here|arrived|im here|outside|parked",
    "fr": "ici|arrivé|arrivée|arrivés|arrivées|sur place",
    "pl": "tutaj|na miejscu|przyjechałem|przyjechałam|przyjechaliśmy|dojechałem|dojechałam",
    "ru": "здесь|приехал|приехала|приехали|на месте|прибыл|прибыла",
    "es": "aquí|llegué|he llegado|hemos llegado|llegamos|ya llegué|estoy afuera|afuera",
}
# They also begin sentences about something else: alone, with a spot or a place only.
HERE_PERHAPS: Words = {
    "en": "",
    "fr": "là",
    "pl": "jestem|jesteśmy|tu",
    "ru": "тут",
    "es": "estoy|acá",
}
# What people say before, of themselves.
I_AM: Words = {
    "en": "hi|hello|hey|ok|yes|i|im|i am|am|ive|i have|we|we are|were|weve|are|just|now|already",
    "fr": "bonjour|salut|je|je suis|jsuis|suis|nous|nous sommes|on|on est|déjà|bien|voilà",
    "pl": "dzień dobry|cześć|hej|witam|już|ja|my|jestem|jesteśmy",
    "ru": "привет|здравствуйте|добрый день|я|мы|уже",
    "es": "hola|buenas|buenos días|ya|estoy|estamos|yo",
}
# What may begin the words for a place.
PLACES: Words = {
    "en": "at|by|near|next|beside|behind|in|on|under|front|spot|bay|place|space|no|number|parking|"
    "the|opposite|across|outside|blue|red|white|black|green|grey|gray|silver",
    "fr": "à|au|aux|près|devant|derrière|sur|sous|dans|en|face|côté|place|numéro|parking|entrée",
    "pl": "przy|na|pod|obok|w|koło|przed|za|u|naprzeciwko|miejsce|stanowisko|numer|parking|"
    "parkingu",
    "ru": "у|на|возле|около|перед|за|под|рядом|в|напротив|место|номер|парковка|парковке",
    "es": "en|al|a|cerca|frente|junto|detrás|delante|plaza|lugar|número|parking|estacionamiento|"
    "la|el|puerta",
}
SPOTS: Words = {
    "en": "spot|bay|space|parking|parking spot|spot number|bay number|space number",
    "fr": "place|emplacement|place numéro|à la place|en place",
    "pl": "miejsce|stanowisko|miejsce numer|stanowisko numer|na miejscu",
    "ru": "место|место номер|на месте",
    "es": "plaza|lugar|plaza número|en la plaza",
}
NUMBER_WORDS = "number|numéro|numer|nr|номер|número|option|опция"
AND = "and|et|i|и|y|e"
# After a word for being here: he tells what for, not where; or it is no arrival at all.
NEGATIONS = "nie|not|pas|не|нет|cant|cannot|no|nunca|jamais"
WHAT_FOR = "to|for|pour|po|odebrać|за|para|por|order|pick|collect|pickup|with|waiting|now"
NO_ARRIVAL = (
    "is|are|you|we|it|they|i|was|not|cest|il|elle|est|vous|nous|nie|czy|не|ли|вы|es|está|no|"
    "tomorrow|later|yet|demain|jutro|завтра|mañana"
)
COMING: Words = {
    "en": "omw|on my way|on the way|en route|coming|leaving now|leaving|be there|ill be there|"
    "will be there|driving over|heading over|headed over|eta",
    "fr": "en route|en chemin|jarrive|je pars|je viens|jy serai|je serai là|on arrive",
    "pl": "jadę|jedziemy|w drodze|jestem w drodze|będę|będziemy|już jadę|wyjeżdżam",
    "ru": "еду|едем|в пути|выезжаю|выехал|выехала|буду|уже еду|скоро буду|будем|подъезжаю",
    "es": "voy|en camino|vamos|voy en camino|estoy en camino|llego|llegaré|ya voy|saliendo",
}
# Of these the minutes make a statement; alone they say nothing.
COMING_WITH_MINUTES = (
    "eta|be there|ill be there|will be there|jy serai|je serai là|będę|będziemy|буду|будем|llego|"
    "llegaré|leaving"
)
# The same, but only with a word for minutes or «in»: HERE 10 is a spot.
HERE_WITH_MINUTES: Words = {
    "en": "here",
    "fr": "arrive|ici|là",
    "pl": "jestem|tutaj",
    "ru": "здесь|тут",
    "es": "aquí",
}
SOON = "in|dans|za|через"
LATE: Words = {
    "en": "late|running late|delayed|be late|ill be late|will be late|running behind",
    "fr": "retard|en retard|du retard|jai du retard|je serai en retard",
    "pl": "spóźnię się|spóźniam się|spóźnienie|opóźnienie|będę później|spóźnimy się|spóźniony|"
    "spóźniona",
    "ru": "опаздываю|опоздаю|задерживаюсь|опоздание|опаздываем|задержусь",
    "es": "tarde|llego tarde|voy tarde|retraso|retrasado|retrasada|me retraso|llegaré tarde",
}
WHERE: Words = {
    "en": "where|where are you|where is the store|where is it|where do i go|where to|address|"
    "hours|opening hours|map|directions|lost|im lost|i am lost|open|are you open|"
    "when are you open|when do you close|where do i park|location",
    "fr": "où|où êtes vous|où est le magasin|où ça|adresse|horaires|plan|itinéraire|perdu|"
    "je suis perdu|je suis perdue|vous êtes où|quelle adresse|ouvert|cest où",
    "pl": "gdzie|gdzie jesteście|gdzie to jest|gdzie jest sklep|adres|godziny|godziny otwarcia|"
    "mapa|dojazd|zgubiłem się|zgubiłam się|jaki adres",
    "ru": "где|где вы|где вы находитесь|где магазин|адрес|часы|часы работы|карта|как проехать|"
    "заблудился|заблудилась|куда ехать|какой адрес",
    "es": "dónde|dónde están|dónde está|dónde está la tienda|dirección|horario|horarios|mapa|"
    "cómo llegar|perdido|perdida|estoy perdido|estoy perdida",
}
AGENT: Words = {
    "en": "agent|human|person|operator|staff|call me|please call me|talk to a person|"
    "speak to a person|talk to someone|speak to someone|real person|representative|manager",
    "fr": "conseiller|humain|opérateur|un humain|rappelez moi|appelez moi|parler à quelquun|"
    "quelquun|personne",
    "pl": "konsultant|człowiek|obsługa|proszę o telefon|zadzwońcie|proszę zadzwonić|"
    "proszę o kontakt|kierownik",
    "ru": "оператор|человек|сотрудник|перезвоните|позвоните|позвоните мне|менеджер|живой человек",
    "es": "agente|persona|operador|llámame|llámenme|hablar con alguien|humano|gerente",
}
YES: Words = {
    "en": "ok|okay|yes|yep|sure|okey",
    "fr": "ok|oui|daccord|d accord",
    "pl": "ok|tak|dobrze|zgoda",
    "ru": "ок|да|хорошо|согласен|согласна",
    "es": "ok|si|sí|vale|de acuerdo",
}
NO: Words = {
    "en": "no|nope",
    "fr": "non",
    "pl": "nie",
    "ru": "нет|не надо",
    "es": "no",
}
POLITE: Words = {
    "en": "please|pls|plz|thanks|thank you|thx|ty|thank you very much|thanks a lot|cheers|great|"
    "perfect|sorry|now|many thanks|good|cool|nice",
    "fr": "merci|svp|stp|sil vous plaît|sil te plaît|merci beaucoup|merci bien|parfait|désolé|"
    "super",
    "pl": "proszę|dziękuję|dzięki|dziękuję bardzo|bardzo dziękuję|super|przepraszam|świetnie",
    "ru": "пожалуйста|спасибо|большое спасибо|спасибо большое|благодарю|отлично|извините|супер",
    "es": "por favor|gracias|muchas gracias|perfecto|perdón|genial|mil gracias",
}
# Before and after minutes.
ABOUT = (
    "in|dans|za|через|en|about|around|approx|approximately|environ|około|ok|примерно|где то|unos|"
    "como|within|another|encore|jeszcze|еще|by|de|o|на|con|there|tu|będę|là|here|минут через|"
    "only|just|maybe|again|now|soon|zaraz|teraz|bientôt|скоро|сейчас|ahora|już|уже|ya|me|się|"
    "going|to|be|im|i|am|will|ill|there in|for|jestem|am running|approximativement|max"
)
MINUTES = "m|min|mins|minute|minutes|minut|minuty|minutę|мин|минут|минуты|минуту|minuto|minutos|mn"
HOURS = "h|hr|hrs|hour|hours|heure|heures|godz|godzin|godziny|godzinę|godzina|ч|час|часа|hora|horas"


NUMBERS: Mapping[int, str] = {
    5: "five|cinq|pięć|пять|cinco",
    10: "ten|dix|dziesięć|десять|diez",
    15: "fifteen|quinze|piętnaście|пятнадцать|quince",
    20: "twenty|vingt|dwadzieścia|двадцать|veinte",
    30: "thirty|trente|trzydzieści|тридцать|treinta|half an hour|half hour|une demi heure|"
    "demi heure|pół godziny|полчаса|пол часа|media hora",
}
# What machines answer while their owner is away or drives, and how phones pass a reaction on.
AUTOMATIC = (
    "out of office|out of the office|automatic reply|automatic response|auto reply|autoreply|"
    "auto response|im driving|i am driving|i cant talk right now|cant talk right now|"
    "do not disturb while driving|i will get back to you|ill get back to you|"
    "absence du bureau|réponse automatique|message automatique|je conduis|je suis au volant|"
    "automatyczna odpowiedź|odpowiedź automatyczna|prowadzę samochód|autoodpowiedź|"
    "автоответ|автоматический ответ|автоответчик|я за рулем|respuesta automática|"
    "mensaje automático|estoy conduciendo|estoy manejando|fuera de la oficina|"
    "this number is not monitored|do not reply to this message|ne pas répondre à ce message"
)
REACTIONS = (
    "liked|loved|disliked|laughed at|emphasized|questioned|reacted|removed a|a aimé|a adoré|"
    "a réagi|reagował|reagowała|reaguje|поставил|поставила|reaccionó|le gustó|le gusta"
)


def folded(phrases: str) -> tuple[str, ...]:
    """The phrases of a line, folded, the longest first: each wins over its own beginning."""
    lines = {fold(phrase).line for phrase in phrases.split("|")}
    return tuple(sorted(lines - {""}, key=lambda line: (-len(line), line)))


def spoken(words: Words, *more: Words) -> dict[str, str]:
    """Every phrase, folded, with the language it is of; empty when several languages have it."""
    found: dict[str, set[str]] = {}
    for one in (words, *more):
        for language, phrases in one.items():
            for line in folded(phrases):
                found.setdefault(line, set()).add(language)
    return {line: _only(languages) for line, languages in found.items()}


def alternatives(lines: Iterable[str]) -> str:
    """The inside of a regular expression that matches any of the lines, the longest first."""
    return "|".join(sorted(lines, key=lambda line: (-len(line), line)))


def _only(languages: set[str]) -> str:
    return next(iter(languages)) if len(languages) == 1 else ""
