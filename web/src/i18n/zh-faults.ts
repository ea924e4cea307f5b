// 简体中文：通话结束或未能开始的原因。

import type { Faults } from "./en-faults";

/** 按协议代码排列。 */
export const zhFaults: Faults = {
  left: { title: "你已离开", text: "房间还在，随时可以回来。" },
  removed: { title: "你被移出了房间", text: "主持人把你移出了房间。如果是误会，请联系主持人。" },
  ended: { title: "通话已结束", text: "主持人为所有人结束了通话。" },
  full: { title: "房间已满", text: "人数已达服务器上限。等有人离开后再试。" },
  locked: { title: "房间已锁定", text: "主持人锁定了房间。请让里面的人帮你打开。" },
  forbidden: { title: "没有权限", text: "你的链接没有这项权限。请联系发链接给你的人。" },
  draining: { title: "服务器正在重启", text: "请等一分钟，再重新加入。" },
  timeout: { title: "连接断开", text: "太久没有收到你的消息。请检查网络后重新加入。" },
  slow: { title: "你的网络太慢", text: "服务器的内容来不及传给你。请重新加入，或离路由器近一些。" },
  replaced: { title: "你已在另一个窗口中", text: "通话在那里继续，这个窗口可以关闭。" },
  version: { title: "页面已过期", text: "服务器已经更新，请刷新页面。" },
  bad_name: { title: "这个名字不能用", text: "房间名和人名应为 1 到 64 个可显示的字符。" },
  no_codec: { title: "你的浏览器无法加入", text: "它与服务器没有共同的音视频格式，请换一个浏览器。" },
  not_supported: { title: "你的浏览器无法加入", text: "它不支持通话。请使用新版的 Firefox、Chrome、Edge 或 Safari。" },
  token_missing: { title: "需要邀请才能进入", text: "请打开收到的完整链接，当前链接少了一部分。" },
  token_invalid: { title: "邀请无效", text: "链接可能在发送时被截断了，请让对方重新发一个。" },
  token_expired: { title: "邀请不在有效期内", text: "邀请已过期，或还没到时间。请让对方重新发一个。" },
  token_room: { title: "邀请属于另一个房间", text: "请检查链接，或让对方发这个房间的邀请。" },
  unreachable: { title: "服务器没有响应", text: "请检查网络。如果别人也连不上，请告诉服务器的管理者。" },
  other: { title: "出了点问题", text: "本不该这样。请重新加入；如果仍不行，请告诉服务器的管理者。" },
};
