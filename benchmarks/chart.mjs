// A bar chart as SVG: groups of bars, on a logarithmic scale unless told otherwise.
const colours = ['#1f6feb', '#d29922', '#8250df'];
const escape = (text) => text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]);

export function bars({ title, series, groups, format, linear = false }) {
  const [labelWidth, plotWidth, valueWidth, bar, gap] = [360, 380, 90, 16, 14];
  const groupHeight = series.length * bar + gap;
  const height = 70 + groups.length * groupHeight;
  const values = groups.flatMap((group) => group.values);
  const low = linear ? 0 : Math.log10(Math.min(...values)) - 0.5;
  const high = linear ? Math.max(...values) : Math.log10(Math.max(...values));
  const width = (value) => (((linear ? value : Math.log10(value)) - low) / (high - low)) * plotWidth;
  const parts = groups.flatMap((group, g) => {
    const top = 60 + g * groupHeight;
    return [
      `<text x="${labelWidth - 10}" y="${top + (series.length * bar) / 2 + 4}" text-anchor="end">${escape(group.label)}</text>`,
      ...group.values.flatMap((value, s) => [
        `<rect x="${labelWidth}" y="${top + s * bar}" width="${width(value).toFixed(1)}" height="${bar - 2}" fill="${colours[s]}"/>`,
        `<text x="${(labelWidth + width(value) + 6).toFixed(1)}" y="${top + s * bar + bar - 5}">${escape(format(value))}</text>`,
      ]),
    ];
  });
  const legend = series.map((name, s) =>
    `<rect x="${labelWidth + s * 140}" y="34" width="12" height="12" fill="${colours[s]}"/>`
    + `<text x="${labelWidth + s * 140 + 18}" y="44">${escape(name)}</text>`);
  const total = labelWidth + plotWidth + valueWidth;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total} ${height}" width="${total}" height="${height}" font-family="sans-serif" font-size="12" fill="#24292f">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    `<text x="10" y="20" font-size="14" font-weight="bold">${escape(title)}</text>`,
    ...legend, ...parts, '</svg>', '',
  ].join('\n');
}
