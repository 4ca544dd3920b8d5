// MD5 (RFC 1321), for one message and for four at once: lane n of every vector then belongs to message n.
// The 64 steps are written out, since a kernel with loops and tables runs at half the speed. For the same reason a step
// adds the word first and the mix last, which waits for the step before; and round 2 adds its two halves, which have no
// bit in common, instead of selecting by d.

/**
 * Sixteen vectors: one block of four messages, turned so that word n of all of them is one vector. A fixed place in the
 * first page, since the memory is shared: a second instance must initialise nothing. Only md5Lanes uses it.
 */
const WORDS: usize = 1024

/**
 * Digests `blockCount` blocks of 64 bytes of four messages. `state`: 64 bytes, vectors A, B, C, D.
 * `a0`…`a3`: where the blocks are. A lane that is not needed may point at the blocks of another.
 */
export function md5Lanes(state: usize, a0: usize, a1: usize, a2: usize, a3: usize, blockCount: usize): void {
  let stateA = v128.load(state)
  let stateB = v128.load(state, 16)
  let stateC = v128.load(state, 32)
  let stateD = v128.load(state, 48)
  for (let block: usize = 0; block < blockCount; block++) {
    const offset = block << 6
    turn(a0 + offset, a1 + offset, a2 + offset, a3 + offset, 0)
    turn(a0 + offset, a1 + offset, a2 + offset, a3 + offset, 16)
    turn(a0 + offset, a1 + offset, a2 + offset, a3 + offset, 32)
    turn(a0 + offset, a1 + offset, a2 + offset, a3 + offset, 48)
    let a = stateA
    let b = stateB
    let c = stateC
    let d = stateD
    // Round 1
    a = step1(a, b, c, d, word(0, 0xd76aa478), 7)
    d = step1(d, a, b, c, word(1, 0xe8c7b756), 12)
    c = step1(c, d, a, b, word(2, 0x242070db), 17)
    b = step1(b, c, d, a, word(3, 0xc1bdceee), 22)
    a = step1(a, b, c, d, word(4, 0xf57c0faf), 7)
    d = step1(d, a, b, c, word(5, 0x4787c62a), 12)
    c = step1(c, d, a, b, word(6, 0xa8304613), 17)
    b = step1(b, c, d, a, word(7, 0xfd469501), 22)
    a = step1(a, b, c, d, word(8, 0x698098d8), 7)
    d = step1(d, a, b, c, word(9, 0x8b44f7af), 12)
    c = step1(c, d, a, b, word(10, 0xffff5bb1), 17)
    b = step1(b, c, d, a, word(11, 0x895cd7be), 22)
    a = step1(a, b, c, d, word(12, 0x6b901122), 7)
    d = step1(d, a, b, c, word(13, 0xfd987193), 12)
    c = step1(c, d, a, b, word(14, 0xa679438e), 17)
    b = step1(b, c, d, a, word(15, 0x49b40821), 22)
    // Round 2
    a = step2(a, b, c, d, word(1, 0xf61e2562), 5)
    d = step2(d, a, b, c, word(6, 0xc040b340), 9)
    c = step2(c, d, a, b, word(11, 0x265e5a51), 14)
    b = step2(b, c, d, a, word(0, 0xe9b6c7aa), 20)
    a = step2(a, b, c, d, word(5, 0xd62f105d), 5)
    d = step2(d, a, b, c, word(10, 0x2441453), 9)
    c = step2(c, d, a, b, word(15, 0xd8a1e681), 14)
    b = step2(b, c, d, a, word(4, 0xe7d3fbc8), 20)
    a = step2(a, b, c, d, word(9, 0x21e1cde6), 5)
    d = step2(d, a, b, c, word(14, 0xc33707d6), 9)
    c = step2(c, d, a, b, word(3, 0xf4d50d87), 14)
    b = step2(b, c, d, a, word(8, 0x455a14ed), 20)
    a = step2(a, b, c, d, word(13, 0xa9e3e905), 5)
    d = step2(d, a, b, c, word(2, 0xfcefa3f8), 9)
    c = step2(c, d, a, b, word(7, 0x676f02d9), 14)
    b = step2(b, c, d, a, word(12, 0x8d2a4c8a), 20)
    // Round 3
    a = step3(a, b, c, d, word(5, 0xfffa3942), 4)
    d = step3(d, a, b, c, word(8, 0x8771f681), 11)
    c = step3(c, d, a, b, word(11, 0x6d9d6122), 16)
    b = step3(b, c, d, a, word(14, 0xfde5380c), 23)
    a = step3(a, b, c, d, word(1, 0xa4beea44), 4)
    d = step3(d, a, b, c, word(4, 0x4bdecfa9), 11)
    c = step3(c, d, a, b, word(7, 0xf6bb4b60), 16)
    b = step3(b, c, d, a, word(10, 0xbebfbc70), 23)
    a = step3(a, b, c, d, word(13, 0x289b7ec6), 4)
    d = step3(d, a, b, c, word(0, 0xeaa127fa), 11)
    c = step3(c, d, a, b, word(3, 0xd4ef3085), 16)
    b = step3(b, c, d, a, word(6, 0x4881d05), 23)
    a = step3(a, b, c, d, word(9, 0xd9d4d039), 4)
    d = step3(d, a, b, c, word(12, 0xe6db99e5), 11)
    c = step3(c, d, a, b, word(15, 0x1fa27cf8), 16)
    b = step3(b, c, d, a, word(2, 0xc4ac5665), 23)
    // Round 4
    a = step4(a, b, c, d, word(0, 0xf4292244), 6)
    d = step4(d, a, b, c, word(7, 0x432aff97), 10)
    c = step4(c, d, a, b, word(14, 0xab9423a7), 15)
    b = step4(b, c, d, a, word(5, 0xfc93a039), 21)
    a = step4(a, b, c, d, word(12, 0x655b59c3), 6)
    d = step4(d, a, b, c, word(3, 0x8f0ccc92), 10)
    c = step4(c, d, a, b, word(10, 0xffeff47d), 15)
    b = step4(b, c, d, a, word(1, 0x85845dd1), 21)
    a = step4(a, b, c, d, word(8, 0x6fa87e4f), 6)
    d = step4(d, a, b, c, word(15, 0xfe2ce6e0), 10)
    c = step4(c, d, a, b, word(6, 0xa3014314), 15)
    b = step4(b, c, d, a, word(13, 0x4e0811a1), 21)
    a = step4(a, b, c, d, word(4, 0xf7537e82), 6)
    d = step4(d, a, b, c, word(11, 0xbd3af235), 10)
    c = step4(c, d, a, b, word(2, 0x2ad7d2bb), 15)
    b = step4(b, c, d, a, word(9, 0xeb86d391), 21)
    stateA = add(stateA, a)
    stateB = add(stateB, b)
    stateC = add(stateC, c)
    stateD = add(stateD, d)
  }
  v128.store(state, stateA)
  v128.store(state, stateB, 16)
  v128.store(state, stateC, 32)
  v128.store(state, stateD, 48)
}

/** Digests `blockCount` blocks of one message from `start`. `state`: 16 bytes, words A, B, C, D. */
export function md5One(state: usize, start: usize, blockCount: usize): void {
  let stateA = load<u32>(state)
  let stateB = load<u32>(state, 4)
  let stateC = load<u32>(state, 8)
  let stateD = load<u32>(state, 12)
  const end = start + (blockCount << 6)
  for (let at = start; at < end; at += 64) {
    let a = stateA
    let b = stateB
    let c = stateC
    let d = stateD
    // Round 1
    a = one1(a, b, c, d, load<u32>(at, 0) + 0xd76aa478, 7)
    d = one1(d, a, b, c, load<u32>(at, 4) + 0xe8c7b756, 12)
    c = one1(c, d, a, b, load<u32>(at, 8) + 0x242070db, 17)
    b = one1(b, c, d, a, load<u32>(at, 12) + 0xc1bdceee, 22)
    a = one1(a, b, c, d, load<u32>(at, 16) + 0xf57c0faf, 7)
    d = one1(d, a, b, c, load<u32>(at, 20) + 0x4787c62a, 12)
    c = one1(c, d, a, b, load<u32>(at, 24) + 0xa8304613, 17)
    b = one1(b, c, d, a, load<u32>(at, 28) + 0xfd469501, 22)
    a = one1(a, b, c, d, load<u32>(at, 32) + 0x698098d8, 7)
    d = one1(d, a, b, c, load<u32>(at, 36) + 0x8b44f7af, 12)
    c = one1(c, d, a, b, load<u32>(at, 40) + 0xffff5bb1, 17)
    b = one1(b, c, d, a, load<u32>(at, 44) + 0x895cd7be, 22)
    a = one1(a, b, c, d, load<u32>(at, 48) + 0x6b901122, 7)
    d = one1(d, a, b, c, load<u32>(at, 52) + 0xfd987193, 12)
    c = one1(c, d, a, b, load<u32>(at, 56) + 0xa679438e, 17)
    b = one1(b, c, d, a, load<u32>(at, 60) + 0x49b40821, 22)
    // Round 2
    a = one2(a, b, c, d, load<u32>(at, 4) + 0xf61e2562, 5)
    d = one2(d, a, b, c, load<u32>(at, 24) + 0xc040b340, 9)
    c = one2(c, d, a, b, load<u32>(at, 44) + 0x265e5a51, 14)
    b = one2(b, c, d, a, load<u32>(at, 0) + 0xe9b6c7aa, 20)
    a = one2(a, b, c, d, load<u32>(at, 20) + 0xd62f105d, 5)
    d = one2(d, a, b, c, load<u32>(at, 40) + 0x2441453, 9)
    c = one2(c, d, a, b, load<u32>(at, 60) + 0xd8a1e681, 14)
    b = one2(b, c, d, a, load<u32>(at, 16) + 0xe7d3fbc8, 20)
    a = one2(a, b, c, d, load<u32>(at, 36) + 0x21e1cde6, 5)
    d = one2(d, a, b, c, load<u32>(at, 56) + 0xc33707d6, 9)
    c = one2(c, d, a, b, load<u32>(at, 12) + 0xf4d50d87, 14)
    b = one2(b, c, d, a, load<u32>(at, 32) + 0x455a14ed, 20)
    a = one2(a, b, c, d, load<u32>(at, 52) + 0xa9e3e905, 5)
    d = one2(d, a, b, c, load<u32>(at, 8) + 0xfcefa3f8, 9)
    c = one2(c, d, a, b, load<u32>(at, 28) + 0x676f02d9, 14)
    b = one2(b, c, d, a, load<u32>(at, 48) + 0x8d2a4c8a, 20)
    // Round 3
    a = one3(a, b, c, d, load<u32>(at, 20) + 0xfffa3942, 4)
    d = one3(d, a, b, c, load<u32>(at, 32) + 0x8771f681, 11)
    c = one3(c, d, a, b, load<u32>(at, 44) + 0x6d9d6122, 16)
    b = one3(b, c, d, a, load<u32>(at, 56) + 0xfde5380c, 23)
    a = one3(a, b, c, d, load<u32>(at, 4) + 0xa4beea44, 4)
    d = one3(d, a, b, c, load<u32>(at, 16) + 0x4bdecfa9, 11)
    c = one3(c, d, a, b, load<u32>(at, 28) + 0xf6bb4b60, 16)
    b = one3(b, c, d, a, load<u32>(at, 40) + 0xbebfbc70, 23)
    a = one3(a, b, c, d, load<u32>(at, 52) + 0x289b7ec6, 4)
    d = one3(d, a, b, c, load<u32>(at, 0) + 0xeaa127fa, 11)
    c = one3(c, d, a, b, load<u32>(at, 12) + 0xd4ef3085, 16)
    b = one3(b, c, d, a, load<u32>(at, 24) + 0x4881d05, 23)
    a = one3(a, b, c, d, load<u32>(at, 36) + 0xd9d4d039, 4)
    d = one3(d, a, b, c, load<u32>(at, 48) + 0xe6db99e5, 11)
    c = one3(c, d, a, b, load<u32>(at, 60) + 0x1fa27cf8, 16)
    b = one3(b, c, d, a, load<u32>(at, 8) + 0xc4ac5665, 23)
    // Round 4
    a = one4(a, b, c, d, load<u32>(at, 0) + 0xf4292244, 6)
    d = one4(d, a, b, c, load<u32>(at, 28) + 0x432aff97, 10)
    c = one4(c, d, a, b, load<u32>(at, 56) + 0xab9423a7, 15)
    b = one4(b, c, d, a, load<u32>(at, 20) + 0xfc93a039, 21)
    a = one4(a, b, c, d, load<u32>(at, 48) + 0x655b59c3, 6)
    d = one4(d, a, b, c, load<u32>(at, 12) + 0x8f0ccc92, 10)
    c = one4(c, d, a, b, load<u32>(at, 40) + 0xffeff47d, 15)
    b = one4(b, c, d, a, load<u32>(at, 4) + 0x85845dd1, 21)
    a = one4(a, b, c, d, load<u32>(at, 32) + 0x6fa87e4f, 6)
    d = one4(d, a, b, c, load<u32>(at, 60) + 0xfe2ce6e0, 10)
    c = one4(c, d, a, b, load<u32>(at, 24) + 0xa3014314, 15)
    b = one4(b, c, d, a, load<u32>(at, 52) + 0x4e0811a1, 21)
    a = one4(a, b, c, d, load<u32>(at, 16) + 0xf7537e82, 6)
    d = one4(d, a, b, c, load<u32>(at, 44) + 0xbd3af235, 10)
    c = one4(c, d, a, b, load<u32>(at, 8) + 0x2ad7d2bb, 15)
    b = one4(b, c, d, a, load<u32>(at, 36) + 0xeb86d391, 21)
    stateA += a
    stateB += b
    stateC += c
    stateD += d
  }
  store<u32>(state, stateA)
  store<u32>(state, stateB, 4)
  store<u32>(state, stateC, 8)
  store<u32>(state, stateD, 12)
}

/** Transposes words at..at+3 of the four blocks. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function turn(a0: usize, a1: usize, a2: usize, a3: usize, at: usize): void {
  const row0 = v128.load(a0 + at)
  const row1 = v128.load(a1 + at)
  const row2 = v128.load(a2 + at)
  const row3 = v128.load(a3 + at)
  const low01 = i32x4.shuffle(row0, row1, 0, 4, 1, 5)
  const low23 = i32x4.shuffle(row2, row3, 0, 4, 1, 5)
  const high01 = i32x4.shuffle(row0, row1, 2, 6, 3, 7)
  const high23 = i32x4.shuffle(row2, row3, 2, 6, 3, 7)
  const target = WORDS + (at << 2)
  v128.store(target, i64x2.shuffle(low01, low23, 0, 2))
  v128.store(target, i64x2.shuffle(low01, low23, 1, 3), 16)
  v128.store(target, i64x2.shuffle(high01, high23, 0, 2), 32)
  v128.store(target, i64x2.shuffle(high01, high23, 1, 3), 48)
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function add(x: v128, y: v128): v128 {
  return i32x4.add(x, y)
}

/** Word `index` of the block, plus the constant of the step. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function word(index: usize, constant: u32): v128 {
  return i32x4.add(v128.load(WORDS + (index << 4)), i32x4.splat(constant))
}

/** b plus the sum rotated left, lane by lane. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function turnLeft(b: v128, sum: v128, shift: i32): v128 {
  return add(b, v128.or(i32x4.shl(sum, shift), i32x4.shr_u(sum, 32 - shift)))
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function step1(a: v128, b: v128, c: v128, d: v128, word: v128, shift: i32): v128 {
  return turnLeft(b, add(add(a, word), v128.xor(d, v128.and(b, v128.xor(c, d)))), shift)
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function step2(a: v128, b: v128, c: v128, d: v128, word: v128, shift: i32): v128 {
  return turnLeft(b, add(add(add(a, word), v128.andnot(c, d)), v128.and(b, d)), shift)
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function step3(a: v128, b: v128, c: v128, d: v128, word: v128, shift: i32): v128 {
  return turnLeft(b, add(add(a, word), v128.xor(v128.xor(b, c), d)), shift)
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function step4(a: v128, b: v128, c: v128, d: v128, word: v128, shift: i32): v128 {
  return turnLeft(b, add(add(a, word), v128.xor(c, v128.or(b, v128.not(d)))), shift)
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function one1(a: u32, b: u32, c: u32, d: u32, word: u32, shift: i32): u32 {
  return b + rotl(a + word + (d ^ (b & (c ^ d))), shift)
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function one2(a: u32, b: u32, c: u32, d: u32, word: u32, shift: i32): u32 {
  return b + rotl(a + word + (c & ~d) + (b & d), shift)
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function one3(a: u32, b: u32, c: u32, d: u32, word: u32, shift: i32): u32 {
  return b + rotl(a + word + (b ^ c ^ d), shift)
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function one4(a: u32, b: u32, c: u32, d: u32, word: u32, shift: i32): u32 {
  return b + rotl(a + word + (c ^ (b | ~d)), shift)
}
