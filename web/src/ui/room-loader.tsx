// The part of the page that calls need, fetched beside the first page.

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Lobby } from "./home/lobby";

const loading = import("./room-page");

/** A room, as soon as its code is here. */
export function RoomLoader({ name }: { name: string }) {
  const [Page, setPage] = useState<ComponentType<{ name: string }> | null>(null);
  const [fault, setFault] = useState<unknown>(null);
  useEffect(() => {
    loading.then((module) => setPage(() => module.RoomPage), setFault);
  }, []);
  // For the error boundary: a file of the page could not be fetched.
  if (fault) throw fault;
  return Page ? <Page name={name} /> : <Lobby>{null}</Lobby>;
}
