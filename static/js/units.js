// Numbers with their units, as console/templatetags/units.py prints them: a test holds the two together.

// Bytes as 512 B, 1.2 KB, 40 MB, in units of 1,024.
export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["KB", "MB", "GB"];
  let amount = bytes / 1024;
  let at = 0;
  for (; amount >= 1000 && at < units.length - 1; at += 1) amount /= 1024;
  const decimals = amount >= 10 ? 0 : 1;
  const shape = { maximumFractionDigits: decimals, roundingMode: "halfEven", useGrouping: false };
  return `${amount.toLocaleString("en", shape)} ${units[at]}`;
}
