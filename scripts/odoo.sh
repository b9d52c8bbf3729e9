#!/usr/bin/env bash
# Odoo 19 from Debian's own package, unpacked under .local/odoo and never installed
# system-wide. The package lists come from the machine's configured mirror.
. "$(dirname "$0")/lib.sh"

if [ -n "${ODOO_BIN:-}" ]; then say "using $ODOO_BIN"; exit 0; fi
[ -e "$ODOO_TREE/.complete" ] && exit 0
if found=$(command -v odoo) && "$found" --version 2>/dev/null | grep -q ' 19\.'; then
    say "using $found"; exit 0
fi

PACKAGES=(odoo-19 fonts-dejavu-core fonts-glyphicons-halflings fonts-inconsolata fonts-font-awesome
    fonts-montserrat fonts-ocr-b fonts-roboto-unhinted gsfonts libjs-jquery libjs-jquery-form libjs-underscore)
CACHE="$TOOLCHAIN/cache/debian"
unstable_apt "$CACHE" || die "Odoo 19 cannot be had (set ODOO_BIN instead)"
say "fetching Odoo 19 (about 135 MB)"
"${APT[@]}" update || die "the package list of Debian unstable could not be read"
# apt-get download checks every file against the signed list and skips what is complete.
(cd "$CACHE/archives" && "${APT[@]}" download "${PACKAGES[@]}") || die "Odoo 19 could not be downloaded; run again to resume"

say "unpacking Odoo 19"
rm -rf "$ODOO_TREE" "$ODOO_TREE.new"
mkdir -p "$ODOO_TREE.new"
for archive in "$CACHE"/archives/*.deb; do
    dpkg-deb -x "$archive" "$ODOO_TREE.new" || { rm -f "$archive"; die "$(basename "$archive") was damaged; run again"; }
done
# mail's manifest still lists a file that Debian leaves out as non-free; without it every
# backend asset bundle logs an error and no browser test can pass.
stub="$ODOO_TREE.new/usr/lib/python3/dist-packages/odoo/addons/mail/static/lib/selfie_segmentation"
mkdir -p "$stub"
[ -e "$stub/selfie_segmentation.js" ] || echo '/* background blur is not part of this distribution */' > "$stub/selfie_segmentation.js"
touch "$ODOO_TREE.new/.complete"
mv "$ODOO_TREE.new" "$ODOO_TREE"
