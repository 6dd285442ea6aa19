from django.urls import path
from stock import views

urlpatterns = [
    path("alive", views.alive),
    path("moves", views.move),
    path("articles/<str:article>", views.article),
]
