// Other devices while the call goes on.

import { useState } from "preact/hooks";
import { useWords, type Fault } from "../../i18n";
import type { Device, RtcError } from "../../rtc";
import { deviceAdvice, deviceCode } from "../door/device-fault";
import { DevicePickers } from "../door/device-pickers";
import { Dialog } from "../parts/dialog";
import { FaultCard } from "../parts/fault-card";
import { useRoom } from "../parts/use-room";

/** The lists of the door, in a dialog. */
export function DevicesDialog({ onClose }: { onClose: () => void }) {
  const words = useWords();
  const room = useRoom();
  const [fault, setFault] = useState<Fault | null>(null);
  const failed = (kind: Device["kind"], error: RtcError): void => {
    if (kind === "speaker") setFault({ title: words.devices.speakerFailed, text: "" });
    else setFault(deviceAdvice(words, kind, deviceCode(words, error) ?? "device_failed"));
  };
  return (
    <Dialog title={words.more.devices} onClose={onClose}>
      <DevicePickers room={room} opened={null} onFault={failed} />
      {fault && <FaultCard fault={fault} />}
    </Dialog>
  );
}
