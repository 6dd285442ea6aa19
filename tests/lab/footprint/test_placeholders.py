from redhanded.lab.footprint import footprint


def test_placeholders_without_blanks_between_them_are_not_a_dollar_quote() -> None:
    found = footprint('INSERT INTO "parcels" ("code","weight") VALUES ($1,$2)', ("p-1", "7"))
    assert found.target == "parcels"
    assert (("code", "p-1"), ("weight", "7")) in {row for _, _, row in found.accesses}


def test_a_cast_behind_a_placeholder_stays_a_cast() -> None:
    found = footprint("UPDATE parcels SET weight=$1 WHERE id=$2::int", ("7", "3"))
    assert found.target == "parcels"
    assert any(("id", "3") in row for _, access, row in found.accesses if access == "write")
