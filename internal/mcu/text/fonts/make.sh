#!/bin/sh
# make.sh makes the fonts in this folder anew of those of Debian 12:
#   apt-get install fonts-inter fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji fonttools
# Run it by hand, here, when they shall be renewed. README.md says what they are.
set -eu
cd "$(dirname "$0")"
share=${SHARE:-/usr/share/fonts}

cp "$share/opentype/inter/Inter-SemiBold.otf" inter.otf

# Characters, kana, bopomofo and hangul in daily use; no hinting, no variants.
pyftsubset "$share/opentype/noto/NotoSansCJK-Regular.ttc" --font-number=2 --output-file=cjk.otf \
	--unicodes=20,A0,3000-30FF,3105-312F,3131-318E,31F0-31FF,3200-33FF,4E00-9FFF,AC00-D7A3,FF01-FFEF \
	--layout-features='' --no-hinting --name-IDs=0,1,2,3,4,5,6,13,14 --notdef-outline

for script in Arabic Hebrew Devanagari Bengali Tamil Telugu Thai Armenian Georgian; do
	name=$(echo $script | tr A-Z a-z)
	pyftsubset "$share/truetype/noto/NotoSans$script-Bold.ttf" --output-file="$name.ttf" \
		--unicodes='*' --layout-features='*' --no-hinting --name-IDs=0,1,2,3,4,5,6,13,14 --notdef-outline
done

go run ./shrink "$share/truetype/noto/NotoColorEmoji.ttf" emoji.ttf 64 48
