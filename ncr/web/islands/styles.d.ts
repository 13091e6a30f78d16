/** Style sheets that esbuild gives as text. */
declare module "*.css" {
  const text: string;
  export default text;
}
