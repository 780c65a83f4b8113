-- tillway: expand
-- What may be used once: client assertions and proofs of possession, on whichever node they arrive. A row lies in the
-- slot of the time it ends at; each kind has three slots that take turns, and one is emptied whole when all in it have
-- ended: no dead rows, nothing to vacuum. Slots 0 to 2 are for assertions, 3 to 5 for proofs.
CREATE TABLE identity.once (
    slot smallint NOT NULL,
    digest uuid NOT NULL,
    PRIMARY KEY (slot, digest)
) PARTITION BY LIST (slot);

CREATE TABLE identity.once_0 PARTITION OF identity.once FOR VALUES IN (0);
CREATE TABLE identity.once_1 PARTITION OF identity.once FOR VALUES IN (1);
CREATE TABLE identity.once_2 PARTITION OF identity.once FOR VALUES IN (2);
CREATE TABLE identity.once_3 PARTITION OF identity.once FOR VALUES IN (3);
CREATE TABLE identity.once_4 PARTITION OF identity.once FOR VALUES IN (4);
CREATE TABLE identity.once_5 PARTITION OF identity.once FOR VALUES IN (5);
