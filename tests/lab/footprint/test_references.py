from redhanded.lab.footprint import Catalogue, footprint
from redhanded.lab.footprint.catalogue import Reference

LINES = Catalogue(
    known=True,
    references={"lines": (Reference(columns=("parcel_id",), table="parcels", there=("id",)),)},
)


def test_an_inserted_row_reads_the_row_that_it_refers_to() -> None:
    found = footprint(
        "INSERT INTO lines (parcel_id, sku) VALUES ($1,$2)", ("7", "x"), catalogue=LINES
    )
    assert ("parcels", "read", (("id", "7"),)) in found.accesses


def test_a_null_refers_to_nothing() -> None:
    found = footprint("INSERT INTO lines (parcel_id) VALUES ($1)", (None,), catalogue=LINES)
    assert not [resource for resource, _, _ in found.accesses if resource == "parcels"]
