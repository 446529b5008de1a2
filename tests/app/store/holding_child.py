"""Holds the database's write lock until its standard input closes."""

import sqlite3
import sys

connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
sys.stdout.write('"held"\n')
sys.stdout.flush()
sys.stdin.read()
connection.execute("ROLLBACK")
connection.close()
