/** Set when a folder was opened from the keyboard: the grid of the next page then takes the focus over. */
let wanted = false

export function requestGridFocus(): void {
  wanted = true
}

export function takeGridFocusRequest(): boolean {
  const was = wanted
  wanted = false
  return was
}
