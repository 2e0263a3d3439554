ALTER TABLE queqiao_idempotency DROP COLUMN content_type;
ALTER TABLE queqiao_idempotency ADD COLUMN headers MEDIUMBLOB; -- of the answer, `name:value` in lines
ALTER TABLE queqiao_idempotency ADD COLUMN again BIGINT NOT NULL DEFAULT 0; -- 1: after a crash it may be executed again
