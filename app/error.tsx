'use client'
import { FailurePage } from '#components/shared/failure-page.tsx'

export default FailurePage
