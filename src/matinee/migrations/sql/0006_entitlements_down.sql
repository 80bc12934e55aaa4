-- Sessions that ended for a reason which is not known any more were taken over.

UPDATE viewing_sessions SET end_reason = 'taken_over' WHERE end_reason = 'stopped_remotely';
ALTER TABLE viewing_sessions DROP CONSTRAINT viewing_sessions_end_reason_check;
ALTER TABLE viewing_sessions ADD CONSTRAINT viewing_sessions_end_reason_check CHECK (end_reason IN ('stopped', 'taken_over', 'not_entitled', 'viewing_limit', 'gone', 'signed_out'));
