"""GİB's schemas and schematron, run on a finished file.

They live outside the repository (ACTWIN_TEST_DATA/ubltr) and need an XSLT 2 processor; where one
of the two is missing the tests skip and say which.
"""

import json
import os
import resource
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lxml import etree

NS = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
    "ext": "urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2",
}
EXTENSIONS = (
    '<ext:UBLExtensions xmlns:ext="{ext}"><ext:UBLExtension><ext:ExtensionContent>'
    '<stub xmlns="urn:stub"/></ext:ExtensionContent></ext:UBLExtension></ext:UBLExtensions>'
)
SIGNATURE = (
    '<cac:Signature xmlns:cac="{cac}" xmlns:cbc="{cbc}"><cbc:ID schemeID="VKN_TCKN">1111111104'
    '</cbc:ID><cac:SignatoryParty><cac:PartyIdentification><cbc:ID schemeID="VKN">1111111104'
    "</cbc:ID></cac:PartyIdentification><cac:PostalAddress><cbc:CitySubdivisionName>Merkez"
    "</cbc:CitySubdivisionName><cbc:CityName>Ankara</cbc:CityName><cac:Country><cbc:Name>Türkiye"
    "</cbc:Name></cac:Country></cac:PostalAddress></cac:SignatoryParty>"
    "<cac:DigitalSignatureAttachment><cac:ExternalReference><cbc:URI>#Signature_1</cbc:URI>"
    "</cac:ExternalReference></cac:DigitalSignatureAttachment></cac:Signature>"
)


def data_folder():
    """Path of the UBL-TR data, or None."""
    root = os.environ.get("ACTWIN_TEST_DATA")
    folder = Path(root) if root else Path(__file__).resolve().parents[4] / "shared" / "data"
    return folder / "ubltr" if (folder / "ubltr").is_dir() else None


def reason_to_skip():
    """Why GİB's rules cannot be run here; empty when they can."""
    if data_folder() is None:
        return "ACTWIN_TEST_DATA has no ubltr"
    return "" if find_spec("saxonche") else "saxonche is not installed"


def signed(xml):
    """The file as an integrator completes it: extension and signature blocks added."""
    root = etree.fromstring(xml)
    root.insert(0, etree.fromstring(EXTENSIONS.format(**NS)))
    supplier = root.find("cac:AccountingSupplierParty", NS)
    supplier.addprevious(etree.fromstring(SIGNATURE.format(**NS)))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


@cache
def _schema():
    return etree.XMLSchema(etree.parse(data_folder() / "xsd/maindoc/UBL-Invoice-2.1.xsd"))


def _unlimited_memory():
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


class Schematron:
    """The processor in a process of its own: Odoo's memory limit leaves it no address space."""

    process = None

    @classmethod
    def ask(cls, kind, xml):
        if cls.process is None:
            cls.process = subprocess.Popen(
                [
                    sys.executable,
                    str(Path(__file__).with_name("schematron_worker.py")),
                    str(data_folder() / "schematron/efatura.xsl"),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                preexec_fn=_unlimited_memory,
                env={**os.environ, "TZ": "Europe/Istanbul"},  # "today" is Turkey's
            )
        cls.process.stdin.write(json.dumps({"type": kind, "xml": xml.decode()}) + "\n")
        cls.process.stdin.flush()
        return json.loads(cls.process.stdout.readline())

    @classmethod
    def stop(cls):
        """End the process; Odoo's test runner tolerates none left behind by a test class."""
        process, cls.process = cls.process, None
        if process:
            process.communicate(timeout=10)


def findings(xml):
    """[text] of everything XSD and schematron object to; empty = the file is valid."""
    xml = signed(xml)
    schema, document = _schema(), etree.fromstring(xml)
    found = [] if schema.validate(document) else [str(e) for e in schema.error_log]
    profile = document.findtext("cbc:ProfileID", namespaces=NS)
    kind = "earchive" if profile == "EARSIVFATURA" else "efatura"
    return found + Schematron.ask(kind, xml)
