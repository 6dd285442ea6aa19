from rest_framework import status
from rest_framework.exceptions import APIException


class NoCopyLeft(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = "All copies are lent."


class AlreadyLent(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = "This member has the title already."
