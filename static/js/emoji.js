// The short names that people of forums type most.
const NAMES = `
+1 👍 -1 👎 100 💯 alarm_clock ⏰ angry 😠 arrow_down ⬇️ arrow_right ➡️ arrow_up ⬆️ astonished 😲 balloon 🎈 beer 🍺
bell 🔔 blue_heart 💙 blush 😊 book 📖 bookmark 🔖 boom 💥 bow 🙇 broken_heart 💔 bug 🐛 bulb 💡 calendar 📅 clap 👏
clinking_glasses 🥂 clipboard 📋 cloud ☁️ coffee ☕ cold_sweat 😰 computer 💻 confetti_ball 🎊 confused 😕 construction 🚧
cry 😢 crossed_fingers 🤞 dancer 💃 dart 🎯 dog 🐶 cat 🐱 disappointed 😞 duck 🦆 ear 👂 earth_africa 🌍 email 📧
exclamation ❗ exploding_head 🤯 eyes 👀 face_palm 🤦 facepalm 🤦 file_folder 📁 fingers_crossed 🤞 fire 🔥 flushed 😳 gear ⚙️
gem 💎 ghost 👻 gift 🎁 globe_with_meridians 🌐 green_heart 💚 grin 😁 grinning 😀 hammer 🔨 handshake 🤝 heart ❤️
heart_eyes 😍 heavy_check_mark ✔️ heavy_plus_sign ➕ hourglass ⌛ hugging_face 🤗 hugs 🤗 information_source ℹ️ innocent 😇
inbox_tray 📥 joy 😂 key 🔑 laughing 😆 link 🔗 lock 🔒 mag 🔍 mailbox 📫 man_shrugging 🤷 mega 📣 melting_face 🫠 memo 📝
moneybag 💰 moon 🌙 muscle 💪 nerd_face 🤓 neutral_face 😐 no_entry ⛔ ocean 🌊 octopus 🐙 ok ✅ ok_hand 👌 open_mouth 😮
package 📦 partying_face 🥳 pencil ✏️ pensive 😔 phone ☎️ pizza 🍕 point_down 👇 point_right 👉 point_up ☝️ pray 🙏
purple_heart 💜 pushpin 📌 question ❓ rainbow 🌈 raised_hand ✋ raised_hands 🙌 recycle ♻️ relaxed ☺️ relieved 😌 robot 🤖
rocket 🚀 rolling_eyes 🙄 rotating_light 🚨 running 🏃 sad 😢 salute 🫡 scream 😱 seedling 🌱 see_no_evil 🙈 ship 🚢 shipit 🐿️
shrug 🤷 slightly_smiling_face 🙂 smile 😄 smiley 😃 smirk 😏 snail 🐌 snowflake ❄️ sob 😭 sparkles ✨ sparkling_heart 💖
speech_balloon 💬 star ⭐ star_struck 🤩 stopwatch ⏱️ stuck_out_tongue 😛 sun_with_face 🌞 sunflower 🌻 sunglasses 😎 sunny ☀️
sweat_smile 😅 tada 🎉 thinking 🤔 thinking_face 🤔 thumbsdown 👎 thumbsup 👍 tired_face 😫 tools 🛠️ trophy 🏆 turtle 🐢
unicorn 🦄 unlock 🔓 upside_down_face 🙃 v ✌️ vulcan_salute 🖖 warning ⚠️ wave 👋 white_check_mark ✅ wink 😉 woman_shrugging 🤷
wrench 🔧 x ❌ yawning_face 🥱 yellow_heart 💛 yum 😋 zap ⚡ zipper_mouth_face 🤐 zzz 💤
`.trim().split(/\s+/);

export const EMOJI = Object.fromEntries(NAMES.flatMap((name, n) => (n % 2 ? [] : [[name, NAMES[n + 1]]])));
