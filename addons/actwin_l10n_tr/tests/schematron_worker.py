"""Stand-alone: one JSON object {"type", "xml"} a line in, one JSON list of findings a line out."""

import json
import sys
import xml.etree.ElementTree as ElementTree

from saxonche import PySaxonProcessor

SVRL = "{http://purl.oclc.org/dsdl/svrl}"


def main():
    processor = PySaxonProcessor(license=False)
    sheet = processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=sys.argv[1])
    for request in map(json.loads, sys.stdin):
        sheet.set_parameter("type", processor.make_string_value(request["type"]))
        document = processor.parse_xml(xml_text=request["xml"])
        report = ElementTree.fromstring(sheet.transform_to_string(xdm_node=document))
        answer = [
            f"{node.get('id')}: {' '.join(''.join(node.itertext()).split())}"
            for tag in ("failed-assert", "successful-report")
            for node in report.iter(SVRL + tag)
        ]
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
