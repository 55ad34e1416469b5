"""The customer's page and its actions, below ``/p/``."""

from django.urls import path

from orders.curbside.pages import views

urlpatterns = [
    path("<str:token>", views.pickup_page, name="pickup-page"),
    path("<str:token>/state", views.page_state, name="pickup-state"),
    path("<str:token>/on-my-way", views.on_my_way, name="pickup-on-my-way"),
    path("<str:token>/arrive", views.i_am_here, name="pickup-arrive"),
    path("<str:token>/answer", views.answer_question, name="pickup-answer"),
    path("<str:token>/move", views.answer_move_offer, name="pickup-move"),
]
