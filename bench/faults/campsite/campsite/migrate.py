from pathlib import Path

from campsite.database import db


def main():
    db.execute_sql("CREATE TABLE IF NOT EXISTS applied (name text PRIMARY KEY)")
    known = {name for (name,) in db.execute_sql("SELECT name FROM applied")}
    for path in sorted(Path("migrations").glob("*.sql")):
        if path.name not in known:
            with db.atomic():
                db.execute_sql(path.read_text())
                db.execute_sql("INSERT INTO applied (name) VALUES (%s)", (path.name,))


if __name__ == "__main__":
    main()
