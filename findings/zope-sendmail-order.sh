#!/usr/bin/env bash
# zope.sendmail sends a mail in tpc_finish, when all have voted.  Whether the
# data of the same transaction are committed by then depends on the storage: a
# transaction finishes its data managers in the order of their sort keys.  That
# of a mail is the number of its place in memory, 139998197557584 for example;
# that of a connection begins with the name of its storage.  A FileStorage has
# a path, and its slash comes before all digits: data, then mail.  A client of
# ZEO is called 1:(address), and a colon comes after the digits: mail, then
# data, where objects are at places that begin with 1, as those of 64-bit Linux
# do.  So the same code, moved to ZEO, mails of data that are not there yet.
#
# Seen: zope.sendmail 7.3, ZODB 6.4, ZEO 6.2, transaction 5.1, Python 3.11.
# Needs: Python 3.10 or newer, pip, a free port of localhost.  Ends with 0 as
# long as this is so.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    zope.sendmail==7.3 ZODB==6.4 ZEO==6.2 transaction==5.1

cat > "$folder/order.py" <<'PYTHON'
import os

import transaction
import ZEO
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage
from zope.interface import implementer
from zope.sendmail.delivery import DirectMailDelivery
from zope.sendmail.interfaces import IMailer


@implementer(IMailer)
class Mailer:
    """Notes whether another connection sees the data when it sends."""

    def __init__(self, db):
        self.db = db

    def vote(self, fromaddr, toaddrs, message):
        """Nothing to do."""

    abort = vote

    def send(self, fromaddr, toaddrs, message):
        connection = self.db.open(transaction.TransactionManager())
        self.seen = "order" in connection.root()
        connection.close()


def first_of(db):
    mailer = Mailer(db)
    connection = db.open()
    connection.root()["order"] = "of a customer"
    DirectMailDelivery(mailer).send(
        "shop@example.org",
        ["customer@example.org"],
        b"Message-Id: <1@example.org>\n\nThank you for your order.",
    )
    transaction.commit()
    connection.close()
    return "data, then mail" if mailer.seen else "mail, then data"


path = os.path.abspath("Data.fs")
print("FileStorage:", first_of(DB(FileStorage(path))))
address, stop = ZEO.server(os.path.abspath("Server.fs"))
print("ZEO:", first_of(ZEO.DB(address)))
stop()
PYTHON
cd "$folder"
venv/bin/python -W ignore order.py 2>/dev/null | tee seen
diff seen - <<'EXPECTED'
FileStorage: data, then mail
ZEO: mail, then data
EXPECTED
echo "as described"
