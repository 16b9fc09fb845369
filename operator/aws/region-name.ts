/** us-east-1, us-gov-west-1, us-iso-east-1, ap-southeast-7, mx-central-1, eusc-de-east-1. */
const PATTERN = /^[a-z]{2,4}(-[a-z]+){1,2}-\d{1,2}$/;

/** Whether a text has the form of the name of an AWS region. New ones appear, so no list is kept. */
export const isRegionName = (text: string): boolean => PATTERN.test(text);
