// Measures how long it takes from a viewer's offer to its first picture, in
// Chromium: `node picture.mjs URL TIMES`. One page publishes a camera, another
// joins again and again and speaks the protocol by itself, so that the web
// client's own work is not in the figure. Prints {"offer_to_picture_ms": [...]}.
import { execFileSync } from "node:child_process";
import { chromium } from "../e2e/node_modules/playwright-core/index.mjs";

const [url, times] = [process.argv[2], Number(process.argv[3] ?? 10)];

// Everything below runs in a page.
function speak(kind) {
	const socket = new WebSocket(location.origin.replace("http", "ws") + "/api/ws");
	const waiting = new Map();
	let id = 0;
	socket.onmessage = ({ data }) => {
		const message = JSON.parse(data);
		waiting.get(message.id)?.(message);
		waiting.delete(message.id);
	};
	const ask = async (type, data) => {
		id++;
		const reply = new Promise((resolve) => waiting.set(id, resolve));
		socket.send(JSON.stringify({ type, id, data }));
		const message = await reply;
		if (message.type === "error") throw new Error(`${type}: ${message.data.text}`);
		return message.data;
	};
	const join = async () => {
		await new Promise((resolve, reject) => {
			socket.onopen = resolve;
			socket.onerror = () => reject(new Error("no signalling"));
		});
		return ask("join", { version: 1, room: "picture", name: kind, direct: false });
	};
	const pc = new RTCPeerConnection();
	const offer = async () => {
		await pc.setLocalDescription();
		return ask("offer", { sdp: pc.localDescription.sdp });
	};
	return { ask, join, offer, pc, socket };
}

async function publish() {
	const { ask, join, offer, pc } = speak("publisher");
	await join();
	const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 360, frameRate: 30 } });
	const transceiver = pc.addTransceiver(stream.getVideoTracks()[0], { direction: "sendonly" });
	const { sdp } = await offer();
	await pc.setRemoteDescription({ type: "answer", sdp });
	await ask("publish", { mid: transceiver.mid, origin: "camera", muted: false, width: 640, height: 360 });
	while (pc.connectionState !== "connected") {
		await new Promise((resolve) => (pc.onconnectionstatechange = resolve));
	}
}

async function watch() {
	const { ask, join, pc, socket } = speak("viewer");
	const { room } = await join();
	const track = room.members.flatMap((member) => member.tracks ?? []).find(({ kind }) => kind === "video");
	const transceiver = pc.addTransceiver("video", { direction: "recvonly" });
	const video = document.createElement("video");
	video.muted = video.autoplay = true;
	video.srcObject = new MediaStream([transceiver.receiver.track]);
	document.body.append(video);
	const picture = new Promise((resolve) => video.requestVideoFrameCallback(() => resolve(performance.now())));
	await pc.setLocalDescription();
	const begin = performance.now();
	const answer = ask("offer", { sdp: pc.localDescription.sdp });
	const view = ask("view", { slots: [{ slot: transceiver.mid, track: track.id, width: 640, height: 360 }] });
	await pc.setRemoteDescription({ type: "answer", sdp: (await answer).sdp });
	await view;
	const took = (await picture) - begin;
	await ask("leave", {});
	socket.close();
	pc.close();
	video.remove();
	return took;
}

const browser = await chromium.launch({
	executablePath: execFileSync("which", ["chromium"]).toString().trim(),
	args: [
		"--no-sandbox",
		"--disable-gpu",
		"--use-fake-ui-for-media-stream",
		"--use-fake-device-for-media-stream=device-count=1,fps=30",
		"--allow-loopback-in-peer-connection",
		"--disable-features=WebRtcHideLocalIpsWithMdns",
		"--autoplay-policy=no-user-gesture-required",
	],
});
try {
	const page = async () => {
		const opened = await (await browser.newContext()).newPage();
		await opened.addInitScript({ content: `globalThis.speak = ${speak}` });
		await opened.goto(url + "/healthz");
		return opened;
	};
	await (await page()).evaluate(publish);
	const viewer = await page();
	const took = [];
	for (let i = 0; i < times; i++) {
		took.push(Math.round(await viewer.evaluate(watch)));
		// The server asks a publisher for at most one key frame a second.
		await new Promise((resolve) => setTimeout(resolve, 1100));
	}
	console.log(JSON.stringify({ offer_to_picture_ms: took }));
} finally {
	await browser.close();
}
