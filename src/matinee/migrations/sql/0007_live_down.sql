-- Sessions that ended for a reason which is not known any more: the right to watch was gone.

UPDATE viewing_sessions SET end_reason = 'gone' WHERE end_reason IN ('blackout', 'parental_blocked');
ALTER TABLE viewing_sessions DROP CONSTRAINT viewing_sessions_end_reason_check;
ALTER TABLE viewing_sessions ADD CONSTRAINT viewing_sessions_end_reason_check CHECK (end_reason IN ('stopped', 'stopped_remotely', 'taken_over', 'not_entitled', 'viewing_limit', 'gone', 'signed_out'));
