#!/usr/bin/env bash
# wmbusmeters from Debian unstable, which reads our simulated radio meters in a test. It needs newer
# libraries than Debian 12 has, so all of it is unpacked under .local/wmbusmeters (5 MB to fetch).
. "$(dirname "$0")/lib.sh"

tree="$TOOLCHAIN/wmbusmeters"
[ -x "$tree/run" ] && exit 0
skipped() { say "wmbusmeters: $1; the tests against it will be skipped"; exit 0; }
cache="$TOOLCHAIN/cache/debian"
archives="$TOOLCHAIN/cache/wmbusmeters"
mkdir -p "$archives"
unstable_apt "$cache" || skipped "Debian unstable is not to be had"
say "fetching wmbusmeters into ${tree#"$ROOT"/}"
"${APT[@]}" update || skipped "the package list could not be read"
(cd "$archives" && "${APT[@]}" download wmbusmeters libc6 libstdc++6 libgcc-s1 librtlsdr0 libxml2-16 \
    libusb-1.0-0 libudev1 zlib1g liblzma5 libcap2) || skipped "it could not be downloaded"
rm -rf "$tree" "$tree.new"
mkdir -p "$tree.new"
for archive in "$archives"/*.deb; do
    dpkg-deb -x "$archive" "$tree.new" || { rm -f "$archive"; skipped "$(basename "$archive") was damaged"; }
done
loader=$(find "$tree.new/usr/lib" -name 'ld-linux-*.so.*' | head -n 1)
[ -n "$loader" ] || skipped "its loader is missing"
libraries=$(dirname "${loader#"$tree.new"}")
cat > "$tree.new/run" <<END
#!/bin/sh
exec "$tree$libraries/$(basename "$loader")" --library-path "$tree$libraries" "$tree/usr/bin/wmbusmeters" "\$@"
END
chmod +x "$tree.new/run"
mv "$tree.new" "$tree"
