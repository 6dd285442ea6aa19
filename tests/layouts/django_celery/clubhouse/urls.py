from django.http import HttpResponse
from django.urls import include, path


def healthz(request):
    return HttpResponse("ok")


urlpatterns = [
    path("healthz/", healthz, name="healthz"),
    path("api/members/", include("members.urls")),
    path("api/visits/", include("visits.urls")),
]
