-- Grows with every change of the row; the number in its ETag.
ALTER TABLE todos ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

DROP INDEX todos_by_user;
CREATE INDEX todos_by_creation ON todos (user_id, created_at, id);
CREATE INDEX todos_by_title ON todos (user_id, title, id);
