from django.urls import include, path
from rest_framework.routers import DefaultRouter

from catalogue.views import HoldViewSet, ImportTitleView, LoanViewSet, TitleViewSet
from members.views import MemberViewSet, TransferView
from members.webhooks import payment_webhook

router = DefaultRouter()
router.register("titles", TitleViewSet)
router.register("loans", LoanViewSet)
router.register("holds", HoldViewSet)
router.register("members", MemberViewSet)

urlpatterns = [
    path("api/", include(router.urls)),
    path("api/imports/<str:isbn>/", ImportTitleView.as_view()),
    path("api/transfers/", TransferView.as_view()),
    path("hooks/payments/", payment_webhook),
]
