-- Grows with every change of the row; the number in its ETag.
ALTER TABLE todos ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

CREATE INDEX todos_by_creation ON todos (user_id, created_at, id);
