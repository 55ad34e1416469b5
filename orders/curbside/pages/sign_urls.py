"""The signs on the posts, below ``/s/``."""

from django.urls import path

from orders.curbside.pages import sign_page

urlpatterns = [path("<str:code>", sign_page.sign_page, name="sign-page")]
