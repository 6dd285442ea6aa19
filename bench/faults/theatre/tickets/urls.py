from django.urls import path

from tickets import views

urlpatterns = [
    path("plays/<int:play_id>/tickets", views.Tickets.as_view()),
    path("plays/<int:play_id>/likes", views.Likes.as_view()),
    path("plays/<int:play_id>/reviews", views.Reviews.as_view()),
    path("customers", views.Customers.as_view()),
    path("customers/<int:customer_id>/points", views.Points.as_view()),
    path("customers/<int:giver_id>/gifts/<int:taker_id>", views.Gifts.as_view()),
    path("callbacks", views.Callbacks.as_view()),
    path("programme", views.Programme.as_view()),
]
