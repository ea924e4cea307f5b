// The doctor, fetched when somebody goes there.

import { Lobby } from "./home/lobby";
import { useLazy } from "./parts/use-lazy";

/** The doctor's page, as soon as its code is here. */
export function DoctorLoader() {
  const page = useLazy(() => import("./doctor/doctor-page"));
  return page ? <page.DoctorPage /> : <Lobby>{null}</Lobby>;
}
