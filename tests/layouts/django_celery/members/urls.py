from django.urls import path

from members import views

urlpatterns = [
    path("<str:badge>/", views.show_member, name="member"),
]
