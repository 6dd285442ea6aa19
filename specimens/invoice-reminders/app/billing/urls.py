from django.urls import path

from billing import views

urlpatterns = [
    path("", views.write_invoice),
    path("<str:number>/reminders/", views.remind),
    path("<str:number>/payments/", views.receive_payment),
]
