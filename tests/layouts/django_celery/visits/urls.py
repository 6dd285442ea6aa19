from django.urls import path

from visits import views

urlpatterns = [
    path("", views.receive_visit, name="receive-visit"),
]
