/** A wax seal, seen from above: a scalloped rim and the vessel pressed into it. Takes the colour of the text. */
export function Logo({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" fill="none" aria-hidden="true" className={className}>
      <path d={RIM} fill="currentColor" />
      <circle cx="16" cy="16" r="9.6" stroke="var(--surface)" strokeOpacity="0.55" strokeWidth="0.9" />
      <path
        d="M11.1 12.4h9.8l-1.35 8.1a1.3 1.3 0 0 1-1.28 1.1h-4.54a1.3 1.3 0 0 1-1.28-1.1z M11.9 12.2a4.1 4.1 0 0 1 8.2 0"
        stroke="var(--surface)"
        strokeWidth="1.6"
        strokeLinejoin="round"
        strokeLinecap="round"
      />
    </svg>
  )
}

const LOBES = 14

const RIM = (() => {
  const points = Array.from({ length: LOBES }, (_, lobe) => {
    const at = (turn: number, radius: number) => {
      const angle = (2 * Math.PI * turn) / LOBES
      return `${(16 + radius * Math.cos(angle)).toFixed(2)} ${(16 + radius * Math.sin(angle)).toFixed(2)}`
    }
    return `Q${at(lobe + 0.5, 16.6)} ${at(lobe + 1, 13.9)}`
  })
  return `M${(16 + 13.9).toFixed(2)} 16 ${points.join(' ')}Z`
})()
