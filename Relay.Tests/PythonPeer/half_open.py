"""A writer whose machine freezes: connects, sends one message and stops itself for good; the kernel keeps the connection: half_open.py URL"""
import os
import signal

import websocket

from peer import argument, report

connection = websocket.create_connection(argument(1), timeout=30)
connection.send("last words\n")
report("frozen")
os.kill(os.getpid(), signal.SIGSTOP)
