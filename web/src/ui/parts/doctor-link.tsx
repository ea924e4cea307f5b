// The way to the doctor.

import { useWords } from "../../i18n";
import { doctorPath, go } from "../route";

/** A quiet link. aside opens a window of its own, so that a call goes on. */
export function DoctorLink({ aside = false }: { aside?: boolean }) {
  const { banner, doctor } = useWords();
  if (aside) {
    return <a class="button button-quiet" href={doctorPath} target="_blank" rel="noopener" data-testid="doctor-link">{banner.look}</a>;
  }
  const follow = (event: MouseEvent): void => {
    event.preventDefault();
    go(doctorPath);
  };
  return <a class="button button-quiet" href={doctorPath} data-testid="doctor-link" onClick={follow}>{doctor.link}</a>;
}
