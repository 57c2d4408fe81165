// Filters of lists: times are typed in the reader's zone and travel as UTC; what is empty stays out of the address.

const pad = (number) => String(number).padStart(2, "0");

/** Writes a moment as a field for local times takes it. */
function localValue(moment) {
  const day = `${moment.getFullYear()}-${pad(moment.getMonth() + 1)}-${pad(moment.getDate())}`;
  return `${day}T${pad(moment.getHours())}:${pad(moment.getMinutes())}`;
}

/** Reads what the address says; without a zone it is UTC. */
function momentOf(text) {
  const hasZone = /(?:Z|[+-]\d\d:?\d\d)$/i.test(text);
  return new Date(hasZone || !text.includes("T") ? text : `${text}Z`);
}

for (const field of document.querySelectorAll("input[data-utc]")) {
  const moment = momentOf(field.dataset.utc);
  if (field.dataset.utc && !Number.isNaN(moment.getTime())) {
    field.value = localValue(moment);
    field.dataset.shown = field.value;
  }
}

for (const form of document.querySelectorAll("form.filters")) {
  form.addEventListener("formdata", ({ formData }) => {
    for (const field of form.querySelectorAll("input[data-utc]")) {
      if (!field.value) continue;
      const isUntouched = field.value === field.dataset.shown;
      formData.set(field.name, isUntouched ? field.dataset.utc : new Date(field.value).toISOString());
    }
    for (const [name, value] of [...formData]) {
      if (value === "") formData.delete(name);
    }
  });
}
