-- The application's database on SQLite. Every time is UTC text in ISO 8601 with
-- milliseconds, `2027-03-28T03:00:00.000Z`: its order as text is its order in
-- time. Other spellings that SQLite knows are rewritten on arrival by the
-- triggers `*_times_*`; what is no time at all is refused.

CREATE TABLE schema_version (
  version INTEGER NOT NULL PRIMARY KEY,
  applied_at TEXT NOT NULL
);

CREATE TABLE users (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL DEFAULT '',
  status TEXT NOT NULL DEFAULT 'active',
  created_at TEXT NOT NULL
);

CREATE TABLE user_roles (
  user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  role TEXT NOT NULL,
  PRIMARY KEY (user_id, role)
) WITHOUT ROWID;

CREATE TABLE user_sessions (
  session_id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT REFERENCES users(id) ON DELETE SET NULL,
  started_at TEXT NOT NULL,
  last_activity_at TEXT NOT NULL,
  ended_at TEXT,
  expires_at TEXT,
  request_count INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX user_sessions_by_user ON user_sessions (user_id);
CREATE INDEX user_sessions_open_by_user ON user_sessions (user_id)
  WHERE ended_at IS NULL;
CREATE INDEX user_sessions_open_by_activity
  ON user_sessions (last_activity_at) WHERE ended_at IS NULL;
CREATE INDEX user_sessions_ended ON user_sessions (ended_at)
  WHERE ended_at IS NOT NULL;

CREATE TABLE user_contexts (
  context_id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  session_id TEXT REFERENCES user_sessions(session_id) ON DELETE SET NULL,
  name TEXT NOT NULL DEFAULT '',
  kind TEXT NOT NULL DEFAULT 'user',
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
);
CREATE INDEX user_contexts_by_user ON user_contexts (user_id);
CREATE INDEX user_contexts_by_session ON user_contexts (session_id)
  WHERE session_id IS NOT NULL;

CREATE TABLE task_messages (
  id INTEGER PRIMARY KEY,
  task_id TEXT NOT NULL,
  context_id TEXT NOT NULL
    REFERENCES user_contexts(context_id) ON DELETE CASCADE,
  created_at TEXT NOT NULL
);
CREATE INDEX task_messages_by_context ON task_messages (context_id);

CREATE TABLE mcp_tool_executions (
  id INTEGER PRIMARY KEY,
  context_id TEXT REFERENCES user_contexts(context_id) ON DELETE SET NULL,
  created_at TEXT NOT NULL
);
CREATE INDEX mcp_tool_executions_by_context
  ON mcp_tool_executions (context_id) WHERE context_id IS NOT NULL;

CREATE TABLE governance_decisions (
  id INTEGER PRIMARY KEY,
  context_id TEXT REFERENCES user_contexts(context_id) ON DELETE SET NULL,
  created_at TEXT NOT NULL
);
CREATE INDEX governance_decisions_by_context
  ON governance_decisions (context_id) WHERE context_id IS NOT NULL;

-- No foreign keys: logs outlive what they tell of.
CREATE TABLE logs (
  id INTEGER PRIMARY KEY,
  timestamp TEXT NOT NULL,
  level TEXT NOT NULL,
  module TEXT NOT NULL DEFAULT '',
  message TEXT NOT NULL DEFAULT '',
  user_id TEXT,
  session_id TEXT,
  context_id TEXT,
  trace_id TEXT
);
CREATE INDEX logs_by_level ON logs (lower(level), timestamp);
CREATE INDEX logs_by_user ON logs (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE oauth_auth_codes (
  code TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  client_id TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  used_at TEXT
);
CREATE INDEX oauth_auth_codes_by_user ON oauth_auth_codes (user_id);
CREATE INDEX oauth_auth_codes_by_expiry ON oauth_auth_codes (expires_at);
CREATE INDEX oauth_auth_codes_used ON oauth_auth_codes (expires_at)
  WHERE used_at IS NOT NULL;

CREATE TABLE oauth_refresh_tokens (
  token_id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  client_id TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  consumed_at TEXT
);
CREATE INDEX oauth_refresh_tokens_by_user ON oauth_refresh_tokens (user_id);
CREATE INDEX oauth_refresh_tokens_by_expiry
  ON oauth_refresh_tokens (expires_at);

CREATE TABLE oauth_state_bindings (
  key TEXT NOT NULL PRIMARY KEY,
  expires_at TEXT NOT NULL
);
CREATE INDEX oauth_state_bindings_by_expiry
  ON oauth_state_bindings (expires_at);

CREATE TABLE oauth_jti_revocations (
  jti TEXT NOT NULL PRIMARY KEY,
  exp TEXT NOT NULL
);
CREATE INDEX oauth_jti_revocations_by_expiry ON oauth_jti_revocations (exp);

CREATE TABLE id_jag_replay (
  key TEXT NOT NULL PRIMARY KEY,
  expires_at TEXT NOT NULL
);
CREATE INDEX id_jag_replay_by_expiry ON id_jag_replay (expires_at);

CREATE TABLE markdown_content (
  id INTEGER PRIMARY KEY,
  source_id TEXT NOT NULL,
  slug TEXT NOT NULL,
  locale TEXT NOT NULL DEFAULT 'en',
  title TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  body TEXT NOT NULL,
  author TEXT NOT NULL,
  published_at TEXT NOT NULL,
  keywords TEXT NOT NULL DEFAULT '',
  kind TEXT NOT NULL,
  image TEXT,
  category_id TEXT,
  public INTEGER NOT NULL DEFAULT 1 CHECK (public IN (0, 1)),
  links TEXT NOT NULL DEFAULT '[]',    -- JSON
  tags TEXT NOT NULL DEFAULT '[]',     -- JSON
  metadata TEXT NOT NULL DEFAULT '{}', -- JSON
  version_hash TEXT NOT NULL,
  file_path TEXT NOT NULL DEFAULT '',  -- relative to the source's path
  file_mtime INTEGER NOT NULL DEFAULT -1, -- ns since 1970; -1: do not trust
  file_size INTEGER NOT NULL DEFAULT -1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  UNIQUE (source_id, slug, locale)
);

-- By which settings a source was last published. Files that did not change are
-- looked at again when the settings did.
CREATE TABLE content_source_states (
  source_id TEXT NOT NULL PRIMARY KEY,
  settings_hash TEXT NOT NULL,
  published_at TEXT NOT NULL
);

CREATE VIRTUAL TABLE markdown_content_search USING fts5(
  title, description, keywords, body,
  content = 'markdown_content', content_rowid = 'id'
);
CREATE TRIGGER markdown_content_search_ai AFTER INSERT ON markdown_content
BEGIN
  INSERT INTO markdown_content_search
    (rowid, title, description, keywords, body)
    VALUES (NEW.id, NEW.title, NEW.description, NEW.keywords, NEW.body);
END;
CREATE TRIGGER markdown_content_search_ad AFTER DELETE ON markdown_content
BEGIN
  INSERT INTO markdown_content_search
    (markdown_content_search, rowid, title, description, keywords, body)
    VALUES ('delete', OLD.id, OLD.title, OLD.description, OLD.keywords,
            OLD.body);
END;
CREATE TRIGGER markdown_content_search_au
AFTER UPDATE OF id, title, description, keywords, body ON markdown_content
BEGIN
  INSERT INTO markdown_content_search
    (markdown_content_search, rowid, title, description, keywords, body)
    VALUES ('delete', OLD.id, OLD.title, OLD.description, OLD.keywords,
            OLD.body);
  INSERT INTO markdown_content_search
    (rowid, title, description, keywords, body)
    VALUES (NEW.id, NEW.title, NEW.description, NEW.keywords, NEW.body);
END;

-- Indexes over more than one table. What cleanup_anonymous_users and
-- cleanup_empty_contexts look for is spread over several tables, so no index of
-- one of them finds it without walking through every old row. These two tables
-- hold the candidates by age; triggers keep them, the jobs check each candidate
-- against the tables themselves.

CREATE TABLE anonymous_user_index (
  user_id TEXT NOT NULL PRIMARY KEY,
  created_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX anonymous_user_index_by_age
  ON anonymous_user_index (created_at, user_id);

CREATE TABLE empty_context_index (
  context_id TEXT NOT NULL PRIMARY KEY,
  created_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX empty_context_index_by_age
  ON empty_context_index (created_at, context_id);

CREATE TRIGGER anonymous_user_index_users_ai AFTER INSERT ON users
BEGIN
  DELETE FROM anonymous_user_index WHERE user_id = NEW.id;
  INSERT INTO anonymous_user_index (user_id, created_at)
    SELECT u.id, u.created_at FROM users u
    JOIN user_roles r ON r.user_id = u.id AND r.role = 'anonymous'
    WHERE u.id = NEW.id;
END;
CREATE TRIGGER anonymous_user_index_users_au AFTER UPDATE OF id, created_at ON users
BEGIN
  DELETE FROM anonymous_user_index WHERE user_id = OLD.id;
  DELETE FROM anonymous_user_index WHERE user_id = NEW.id;
  INSERT INTO anonymous_user_index (user_id, created_at)
    SELECT u.id, u.created_at FROM users u
    JOIN user_roles r ON r.user_id = u.id AND r.role = 'anonymous'
    WHERE u.id = NEW.id;
END;
CREATE TRIGGER anonymous_user_index_users_ad AFTER DELETE ON users
BEGIN
  DELETE FROM anonymous_user_index WHERE user_id = OLD.id;
END;
CREATE TRIGGER anonymous_user_index_roles_ai AFTER INSERT ON user_roles
WHEN NEW.role = 'anonymous'
BEGIN
  DELETE FROM anonymous_user_index WHERE user_id = NEW.user_id;
  INSERT INTO anonymous_user_index (user_id, created_at)
    SELECT u.id, u.created_at FROM users u
    JOIN user_roles r ON r.user_id = u.id AND r.role = 'anonymous'
    WHERE u.id = NEW.user_id;
END;
CREATE TRIGGER anonymous_user_index_roles_ad AFTER DELETE ON user_roles
WHEN OLD.role = 'anonymous'
BEGIN
  DELETE FROM anonymous_user_index WHERE user_id = OLD.user_id;
END;
CREATE TRIGGER anonymous_user_index_roles_au AFTER UPDATE ON user_roles
BEGIN
  DELETE FROM anonymous_user_index WHERE user_id = OLD.user_id;
  INSERT INTO anonymous_user_index (user_id, created_at)
    SELECT u.id, u.created_at FROM users u
    JOIN user_roles r ON r.user_id = u.id AND r.role = 'anonymous'
    WHERE u.id = OLD.user_id;
  DELETE FROM anonymous_user_index WHERE user_id = NEW.user_id;
  INSERT INTO anonymous_user_index (user_id, created_at)
    SELECT u.id, u.created_at FROM users u
    JOIN user_roles r ON r.user_id = u.id AND r.role = 'anonymous'
    WHERE u.id = NEW.user_id;
END;

CREATE TRIGGER empty_context_index_contexts_ai AFTER INSERT ON user_contexts
BEGIN
  DELETE FROM empty_context_index WHERE context_id = NEW.context_id;
  INSERT INTO empty_context_index (context_id, created_at)
    SELECT c.context_id, c.created_at FROM user_contexts c
    WHERE c.context_id = NEW.context_id
      AND NOT EXISTS (SELECT 1 FROM task_messages m
                      WHERE m.context_id = c.context_id)
      AND NOT EXISTS (SELECT 1 FROM mcp_tool_executions t
                      WHERE t.context_id = c.context_id)
      AND NOT EXISTS (SELECT 1 FROM governance_decisions g
                      WHERE g.context_id = c.context_id);
END;
CREATE TRIGGER empty_context_index_contexts_au AFTER UPDATE OF context_id, created_at ON user_contexts
BEGIN
  DELETE FROM empty_context_index WHERE context_id = OLD.context_id;
  DELETE FROM empty_context_index WHERE context_id = NEW.context_id;
  INSERT INTO empty_context_index (context_id, created_at)
    SELECT c.context_id, c.created_at FROM user_contexts c
    WHERE c.context_id = NEW.context_id
      AND NOT EXISTS (SELECT 1 FROM task_messages m
                      WHERE m.context_id = c.context_id)
      AND NOT EXISTS (SELECT 1 FROM mcp_tool_executions t
                      WHERE t.context_id = c.context_id)
      AND NOT EXISTS (SELECT 1 FROM governance_decisions g
                      WHERE g.context_id = c.context_id);
END;
CREATE TRIGGER empty_context_index_contexts_ad AFTER DELETE ON user_contexts
BEGIN
  DELETE FROM empty_context_index WHERE context_id = OLD.context_id;
END;
CREATE TRIGGER empty_context_index_task_messages_ai AFTER INSERT ON task_messages
BEGIN
  DELETE FROM empty_context_index WHERE context_id = NEW.context_id;
END;
CREATE TRIGGER empty_context_index_task_messages_ad AFTER DELETE ON task_messages
BEGIN
  DELETE FROM empty_context_index WHERE context_id = OLD.context_id;
  INSERT INTO empty_context_index (context_id, created_at)
    SELECT c.context_id, c.created_at FROM user_contexts c
    WHERE c.context_id = OLD.context_id
      AND NOT EXISTS (SELECT 1 FROM task_messages m
                      WHERE m.context_id = c.context_id)
      AND NOT EXISTS (SELECT 1 FROM mcp_tool_executions t
                      WHERE t.context_id = c.context_id)
      AND NOT EXISTS (SELECT 1 FROM governance_decisions g
                      WHERE g.context_id = c.context_id);
END;
CREATE TRIGGER empty_context_index_task_messages_au AFTER UPDATE OF context_id ON task_messages
BEGIN
  DELETE FROM empty_context_index WHERE context_id = OLD.context_id;
  INSERT INTO empty_context_index (context_id, created_at)
    SELECT c.context_id, c.created_at FROM user_contexts c
    WHERE c.context_id = OLD.context_id
      AND NOT EXISTS (SELECT 1 FROM task_messages m
                      WHERE m.context_id = c.context_id)
      AND NOT EXISTS (SELECT 1 FROM mcp_tool_executions t
                      WHERE t.context_id = c.context_id)
      AND NOT EXISTS (SELECT 1 FROM governance_decisions g
                      WHERE g.context_id = c.context_id);
  DELETE FROM empty_context_index WHERE context_id = NEW.context_id;
END;
CREATE TRIGGER empty_context_index_mcp_tool_executions_ai AFTER INSERT ON mcp_tool_executions
BEGIN
  DELETE FROM empty_context_index WHERE context_id = NEW.context_id;
END;
CREATE TRIGGER empty_context_index_mcp_tool_executions_ad AFTER DELETE ON mcp_tool_executions
BEGIN
  DELETE FROM empty_context_index WHERE context_id = OLD.context_id;
  INSERT INTO empty_context_index (context_id, created_at)
    SELECT c.context_id, c.created_at FROM user_contexts c
    WHERE c.context_id = OLD.context_id
      AND NOT EXISTS (SELECT 1 FROM task_messages m
                      WHERE m.context_id = c.context_id)
      AND NOT EXISTS (SELECT 1 FROM mcp_tool_executions t
                      WHERE t.context_id = c.context_id)
      AND NOT EXISTS (SELECT 1 FROM governance_decisions g
                      WHERE g.context_id = c.context_id);
END;
CREATE TRIGGER empty_context_index_mcp_tool_executions_au AFTER UPDATE OF context_id ON mcp_tool_executions
BEGIN
  DELETE FROM empty_context_index WHERE context_id = OLD.context_id;
  INSERT INTO empty_context_index (context_id, created_at)
    SELECT c.context_id, c.created_at FROM user_contexts c
    WHERE c.context_id = OLD.context_id
      AND NOT EXISTS (SELECT 1 FROM task_messages m
                      WHERE m.context_id = c.context_id)
      AND NOT EXISTS (SELECT 1 FROM mcp_tool_executions t
                      WHERE t.context_id = c.context_id)
      AND NOT EXISTS (SELECT 1 FROM governance_decisions g
                      WHERE g.context_id = c.context_id);
  DELETE FROM empty_context_index WHERE context_id = NEW.context_id;
END;
CREATE TRIGGER empty_context_index_governance_decisions_ai AFTER INSERT ON governance_decisions
BEGIN
  DELETE FROM empty_context_index WHERE context_id = NEW.context_id;
END;
CREATE TRIGGER empty_context_index_governance_decisions_ad AFTER DELETE ON governance_decisions
BEGIN
  DELETE FROM empty_context_index WHERE context_id = OLD.context_id;
  INSERT INTO empty_context_index (context_id, created_at)
    SELECT c.context_id, c.created_at FROM user_contexts c
    WHERE c.context_id = OLD.context_id
      AND NOT EXISTS (SELECT 1 FROM task_messages m
                      WHERE m.context_id = c.context_id)
      AND NOT EXISTS (SELECT 1 FROM mcp_tool_executions t
                      WHERE t.context_id = c.context_id)
      AND NOT EXISTS (SELECT 1 FROM governance_decisions g
                      WHERE g.context_id = c.context_id);
END;
CREATE TRIGGER empty_context_index_governance_decisions_au AFTER UPDATE OF context_id ON governance_decisions
BEGIN
  DELETE FROM empty_context_index WHERE context_id = OLD.context_id;
  INSERT INTO empty_context_index (context_id, created_at)
    SELECT c.context_id, c.created_at FROM user_contexts c
    WHERE c.context_id = OLD.context_id
      AND NOT EXISTS (SELECT 1 FROM task_messages m
                      WHERE m.context_id = c.context_id)
      AND NOT EXISTS (SELECT 1 FROM mcp_tool_executions t
                      WHERE t.context_id = c.context_id)
      AND NOT EXISTS (SELECT 1 FROM governance_decisions g
                      WHERE g.context_id = c.context_id);
  DELETE FROM empty_context_index WHERE context_id = NEW.context_id;
END;

-- Times in another spelling are rewritten, see the top.
CREATE TRIGGER users_times_ai AFTER INSERT ON users
WHEN NEW.created_at NOT GLOB '????-??-??T??:??:??.???Z'
BEGIN
  SELECT RAISE(ABORT, 'users.created_at is not a time')
    WHERE NEW.created_at IS NOT NULL AND strftime('%s', NEW.created_at) IS NULL;
  UPDATE users SET
    created_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.created_at)
    WHERE id = NEW.id;
END;
CREATE TRIGGER users_times_au AFTER UPDATE OF created_at ON users
WHEN NEW.created_at NOT GLOB '????-??-??T??:??:??.???Z'
BEGIN
  SELECT RAISE(ABORT, 'users.created_at is not a time')
    WHERE NEW.created_at IS NOT NULL AND strftime('%s', NEW.created_at) IS NULL;
  UPDATE users SET
    created_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.created_at)
    WHERE id = NEW.id;
END;
CREATE TRIGGER user_sessions_times_ai AFTER INSERT ON user_sessions
WHEN NEW.started_at NOT GLOB '????-??-??T??:??:??.???Z'
  OR NEW.last_activity_at NOT GLOB '????-??-??T??:??:??.???Z'
  OR NEW.ended_at NOT GLOB '????-??-??T??:??:??.???Z'
  OR NEW.expires_at NOT GLOB '????-??-??T??:??:??.???Z'
BEGIN
  SELECT RAISE(ABORT, 'user_sessions.started_at is not a time')
    WHERE NEW.started_at IS NOT NULL AND strftime('%s', NEW.started_at) IS NULL;
  SELECT RAISE(ABORT, 'user_sessions.last_activity_at is not a time')
    WHERE NEW.last_activity_at IS NOT NULL AND strftime('%s', NEW.last_activity_at) IS NULL;
  SELECT RAISE(ABORT, 'user_sessions.ended_at is not a time')
    WHERE NEW.ended_at IS NOT NULL AND strftime('%s', NEW.ended_at) IS NULL;
  SELECT RAISE(ABORT, 'user_sessions.expires_at is not a time')
    WHERE NEW.expires_at IS NOT NULL AND strftime('%s', NEW.expires_at) IS NULL;
  UPDATE user_sessions SET
    started_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.started_at),
    last_activity_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.last_activity_at),
    ended_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.ended_at),
    expires_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.expires_at)
    WHERE session_id = NEW.session_id;
END;
CREATE TRIGGER user_sessions_times_au AFTER UPDATE OF started_at, last_activity_at, ended_at, expires_at ON user_sessions
WHEN NEW.started_at NOT GLOB '????-??-??T??:??:??.???Z'
  OR NEW.last_activity_at NOT GLOB '????-??-??T??:??:??.???Z'
  OR NEW.ended_at NOT GLOB '????-??-??T??:??:??.???Z'
  OR NEW.expires_at NOT GLOB '????-??-??T??:??:??.???Z'
BEGIN
  SELECT RAISE(ABORT, 'user_sessions.started_at is not a time')
    WHERE NEW.started_at IS NOT NULL AND strftime('%s', NEW.started_at) IS NULL;
  SELECT RAISE(ABORT, 'user_sessions.last_activity_at is not a time')
    WHERE NEW.last_activity_at IS NOT NULL AND strftime('%s', NEW.last_activity_at) IS NULL;
  SELECT RAISE(ABORT, 'user_sessions.ended_at is not a time')
    WHERE NEW.ended_at IS NOT NULL AND strftime('%s', NEW.ended_at) IS NULL;
  SELECT RAISE(ABORT, 'user_sessions.expires_at is not a time')
    WHERE NEW.expires_at IS NOT NULL AND strftime('%s', NEW.expires_at) IS NULL;
  UPDATE user_sessions SET
    started_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.started_at),
    last_activity_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.last_activity_at),
    ended_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.ended_at),
    expires_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.expires_at)
    WHERE session_id = NEW.session_id;
END;
CREATE TRIGGER user_contexts_times_ai AFTER INSERT ON user_contexts
WHEN NEW.created_at NOT GLOB '????-??-??T??:??:??.???Z'
  OR NEW.updated_at NOT GLOB '????-??-??T??:??:??.???Z'
BEGIN
  SELECT RAISE(ABORT, 'user_contexts.created_at is not a time')
    WHERE NEW.created_at IS NOT NULL AND strftime('%s', NEW.created_at) IS NULL;
  SELECT RAISE(ABORT, 'user_contexts.updated_at is not a time')
    WHERE NEW.updated_at IS NOT NULL AND strftime('%s', NEW.updated_at) IS NULL;
  UPDATE user_contexts SET
    created_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.created_at),
    updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.updated_at)
    WHERE context_id = NEW.context_id;
END;
CREATE TRIGGER user_contexts_times_au AFTER UPDATE OF created_at, updated_at ON user_contexts
WHEN NEW.created_at NOT GLOB '????-??-??T??:??:??.???Z'
  OR NEW.updated_at NOT GLOB '????-??-??T??:??:??.???Z'
BEGIN
  SELECT RAISE(ABORT, 'user_contexts.created_at is not a time')
    WHERE NEW.created_at IS NOT NULL AND strftime('%s', NEW.created_at) IS NULL;
  SELECT RAISE(ABORT, 'user_contexts.updated_at is not a time')
    WHERE NEW.updated_at IS NOT NULL AND strftime('%s', NEW.updated_at) IS NULL;
  UPDATE user_contexts SET
    created_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.created_at),
    updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.updated_at)
    WHERE context_id = NEW.context_id;
END;
CREATE TRIGGER logs_times_ai AFTER INSERT ON logs
WHEN NEW.timestamp NOT GLOB '????-??-??T??:??:??.???Z'
BEGIN
  SELECT RAISE(ABORT, 'logs.timestamp is not a time')
    WHERE NEW.timestamp IS NOT NULL AND strftime('%s', NEW.timestamp) IS NULL;
  UPDATE logs SET
    timestamp = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.timestamp)
    WHERE id = NEW.id;
END;
CREATE TRIGGER logs_times_au AFTER UPDATE OF timestamp ON logs
WHEN NEW.timestamp NOT GLOB '????-??-??T??:??:??.???Z'
BEGIN
  SELECT RAISE(ABORT, 'logs.timestamp is not a time')
    WHERE NEW.timestamp IS NOT NULL AND strftime('%s', NEW.timestamp) IS NULL;
  UPDATE logs SET
    timestamp = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.timestamp)
    WHERE id = NEW.id;
END;
CREATE TRIGGER oauth_auth_codes_times_ai AFTER INSERT ON oauth_auth_codes
WHEN NEW.expires_at NOT GLOB '????-??-??T??:??:??.???Z'
  OR NEW.used_at NOT GLOB '????-??-??T??:??:??.???Z'
BEGIN
  SELECT RAISE(ABORT, 'oauth_auth_codes.expires_at is not a time')
    WHERE NEW.expires_at IS NOT NULL AND strftime('%s', NEW.expires_at) IS NULL;
  SELECT RAISE(ABORT, 'oauth_auth_codes.used_at is not a time')
    WHERE NEW.used_at IS NOT NULL AND strftime('%s', NEW.used_at) IS NULL;
  UPDATE oauth_auth_codes SET
    expires_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.expires_at),
    used_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.used_at)
    WHERE code = NEW.code;
END;
CREATE TRIGGER oauth_auth_codes_times_au AFTER UPDATE OF expires_at, used_at ON oauth_auth_codes
WHEN NEW.expires_at NOT GLOB '????-??-??T??:??:??.???Z'
  OR NEW.used_at NOT GLOB '????-??-??T??:??:??.???Z'
BEGIN
  SELECT RAISE(ABORT, 'oauth_auth_codes.expires_at is not a time')
    WHERE NEW.expires_at IS NOT NULL AND strftime('%s', NEW.expires_at) IS NULL;
  SELECT RAISE(ABORT, 'oauth_auth_codes.used_at is not a time')
    WHERE NEW.used_at IS NOT NULL AND strftime('%s', NEW.used_at) IS NULL;
  UPDATE oauth_auth_codes SET
    expires_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.expires_at),
    used_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.used_at)
    WHERE code = NEW.code;
END;
CREATE TRIGGER oauth_refresh_tokens_times_ai AFTER INSERT ON oauth_refresh_tokens
WHEN NEW.expires_at NOT GLOB '????-??-??T??:??:??.???Z'
  OR NEW.consumed_at NOT GLOB '????-??-??T??:??:??.???Z'
BEGIN
  SELECT RAISE(ABORT, 'oauth_refresh_tokens.expires_at is not a time')
    WHERE NEW.expires_at IS NOT NULL AND strftime('%s', NEW.expires_at) IS NULL;
  SELECT RAISE(ABORT, 'oauth_refresh_tokens.consumed_at is not a time')
    WHERE NEW.consumed_at IS NOT NULL AND strftime('%s', NEW.consumed_at) IS NULL;
  UPDATE oauth_refresh_tokens SET
    expires_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.expires_at),
    consumed_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.consumed_at)
    WHERE token_id = NEW.token_id;
END;
CREATE TRIGGER oauth_refresh_tokens_times_au AFTER UPDATE OF expires_at, consumed_at ON oauth_refresh_tokens
WHEN NEW.expires_at NOT GLOB '????-??-??T??:??:??.???Z'
  OR NEW.consumed_at NOT GLOB '????-??-??T??:??:??.???Z'
BEGIN
  SELECT RAISE(ABORT, 'oauth_refresh_tokens.expires_at is not a time')
    WHERE NEW.expires_at IS NOT NULL AND strftime('%s', NEW.expires_at) IS NULL;
  SELECT RAISE(ABORT, 'oauth_refresh_tokens.consumed_at is not a time')
    WHERE NEW.consumed_at IS NOT NULL AND strftime('%s', NEW.consumed_at) IS NULL;
  UPDATE oauth_refresh_tokens SET
    expires_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.expires_at),
    consumed_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.consumed_at)
    WHERE token_id = NEW.token_id;
END;
CREATE TRIGGER oauth_state_bindings_times_ai AFTER INSERT ON oauth_state_bindings
WHEN NEW.expires_at NOT GLOB '????-??-??T??:??:??.???Z'
BEGIN
  SELECT RAISE(ABORT, 'oauth_state_bindings.expires_at is not a time')
    WHERE NEW.expires_at IS NOT NULL AND strftime('%s', NEW.expires_at) IS NULL;
  UPDATE oauth_state_bindings SET
    expires_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.expires_at)
    WHERE key = NEW.key;
END;
CREATE TRIGGER oauth_state_bindings_times_au AFTER UPDATE OF expires_at ON oauth_state_bindings
WHEN NEW.expires_at NOT GLOB '????-??-??T??:??:??.???Z'
BEGIN
  SELECT RAISE(ABORT, 'oauth_state_bindings.expires_at is not a time')
    WHERE NEW.expires_at IS NOT NULL AND strftime('%s', NEW.expires_at) IS NULL;
  UPDATE oauth_state_bindings SET
    expires_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.expires_at)
    WHERE key = NEW.key;
END;
CREATE TRIGGER oauth_jti_revocations_times_ai AFTER INSERT ON oauth_jti_revocations
WHEN NEW.exp NOT GLOB '????-??-??T??:??:??.???Z'
BEGIN
  SELECT RAISE(ABORT, 'oauth_jti_revocations.exp is not a time')
    WHERE NEW.exp IS NOT NULL AND strftime('%s', NEW.exp) IS NULL;
  UPDATE oauth_jti_revocations SET
    exp = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.exp)
    WHERE jti = NEW.jti;
END;
CREATE TRIGGER oauth_jti_revocations_times_au AFTER UPDATE OF exp ON oauth_jti_revocations
WHEN NEW.exp NOT GLOB '????-??-??T??:??:??.???Z'
BEGIN
  SELECT RAISE(ABORT, 'oauth_jti_revocations.exp is not a time')
    WHERE NEW.exp IS NOT NULL AND strftime('%s', NEW.exp) IS NULL;
  UPDATE oauth_jti_revocations SET
    exp = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.exp)
    WHERE jti = NEW.jti;
END;
CREATE TRIGGER id_jag_replay_times_ai AFTER INSERT ON id_jag_replay
WHEN NEW.expires_at NOT GLOB '????-??-??T??:??:??.???Z'
BEGIN
  SELECT RAISE(ABORT, 'id_jag_replay.expires_at is not a time')
    WHERE NEW.expires_at IS NOT NULL AND strftime('%s', NEW.expires_at) IS NULL;
  UPDATE id_jag_replay SET
    expires_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.expires_at)
    WHERE key = NEW.key;
END;
CREATE TRIGGER id_jag_replay_times_au AFTER UPDATE OF expires_at ON id_jag_replay
WHEN NEW.expires_at NOT GLOB '????-??-??T??:??:??.???Z'
BEGIN
  SELECT RAISE(ABORT, 'id_jag_replay.expires_at is not a time')
    WHERE NEW.expires_at IS NOT NULL AND strftime('%s', NEW.expires_at) IS NULL;
  UPDATE id_jag_replay SET
    expires_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.expires_at)
    WHERE key = NEW.key;
END;
