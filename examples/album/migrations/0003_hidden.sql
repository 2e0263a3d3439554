ALTER TABLE photos ADD COLUMN hidden BIGINT NOT NULL DEFAULT 0; -- 1: content security refuses it
