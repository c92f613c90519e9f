-- Numbers of executors. Each holds an advisory lock on its number while it lives.
CREATE SEQUENCE database.executor_ids AS integer CYCLE;
