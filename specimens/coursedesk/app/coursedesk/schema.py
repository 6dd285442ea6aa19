"""Creates the tables and the courses on offer."""

from coursedesk.database import engine, new_session
from coursedesk.models import Base, Course, Lesson

OFFER = {
    "pottery": ("Pottery for beginners", ("Clay", "Wheel", "Bowls", "Glaze", "Kiln")),
    "bookkeeping": ("Bookkeeping by hand", ("Accounts", "Journal", "Closing")),
}


def main() -> None:
    Base.metadata.create_all(engine)
    with new_session.begin() as session:
        for slug, (title, lessons) in OFFER.items():
            course = Course(slug=slug, title=title)
            course.lessons = [
                Lesson(position=position, title=lesson)
                for position, lesson in enumerate(lessons, 1)
            ]
            session.add(course)


if __name__ == "__main__":
    main()
