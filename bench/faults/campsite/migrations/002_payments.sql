CREATE TABLE payment (
    id        bigserial PRIMARY KEY,
    reference varchar(64) NOT NULL,
    guest_id  bigint NOT NULL REFERENCES guest (id),
    cents     integer NOT NULL,
    state     varchar(20) NOT NULL DEFAULT 'open',
    step      integer NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX payment_reference ON payment (reference);

CREATE TABLE rental (
    id       bigserial PRIMARY KEY,
    guest_id bigint NOT NULL REFERENCES guest (id),
    article  varchar(40) NOT NULL,
    count    integer NOT NULL DEFAULT 0
);

ALTER TABLE rental ADD CONSTRAINT rental_guest_article UNIQUE (guest_id, article);
