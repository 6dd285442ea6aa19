class Refused(Exception):
    """Something a visitor may not do now."""


class TooLow(Refused):
    pass


class Closed(Refused):
    pass


class NotEnough(Refused):
    pass
