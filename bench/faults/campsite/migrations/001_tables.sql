CREATE TABLE guest (
    id          bigserial PRIMARY KEY,
    email       varchar(255) NOT NULL UNIQUE,
    nights      integer NOT NULL DEFAULT 0,
    balance     integer NOT NULL DEFAULT 0,
    preferences jsonb NOT NULL DEFAULT '{}',
    revision    integer NOT NULL DEFAULT 0
);

CREATE TABLE pitch (
    id       bigserial PRIMARY KEY,
    name     varchar(40) NOT NULL UNIQUE,
    tents    integer NOT NULL DEFAULT 0,
    capacity integer NOT NULL
);

CREATE TABLE stay (
    id        bigserial PRIMARY KEY,
    pitch_id  bigint NOT NULL REFERENCES pitch (id),
    guest_id  bigint NOT NULL REFERENCES guest (id),
    night     date NOT NULL,
    code      varchar(36) NOT NULL UNIQUE,
    confirmed boolean NOT NULL DEFAULT false,
    CONSTRAINT stay_guest_night UNIQUE (guest_id, night)
);
