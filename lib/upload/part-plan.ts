const MEBIBYTE = 1024 * 1024

export const PART_BYTES_MIN = 16 * MEBIBYTE
/** Below S3's 10,000, so that rounding can never reach it. */
export const PARTS_MAX = 9500
/** S3's largest object. */
export const OBJECT_BYTES_MAX = 5 * 1024 * 1024 * MEBIBYTE

export interface PlannedPart {
  /** From 1. */
  partNumber: number
  start: number
  /** Exclusive. */
  end: number
}

/** Whether a file goes in one request, which costs one round trip where parts cost three. */
export function fitsOneRequest(size: number): boolean {
  return size <= PART_BYTES_MIN
}

/** The parts of a file of `size` bytes: equal but for the last, at least 16 MiB, at most 9,500. */
export function planParts(size: number): PlannedPart[] {
  const partSize = Math.max(PART_BYTES_MIN, Math.ceil(size / PARTS_MAX))
  return Array.from({ length: Math.ceil(size / partSize) }, (_, index) => ({
    partNumber: index + 1,
    start: index * partSize,
    end: Math.min(size, (index + 1) * partSize),
  }))
}
