/** What `taro build` does with this app; how fast, how small and for which other platforms is not asked here. */
module.exports = {
  projectName: 'queqiao-todo',
  date: '2026-11-27',
  designWidth: 750,
  sourceRoot: 'src',
  // From here on: Taro takes no absolute path.
  outputRoot: '../../../target/taro',
  framework: 'react',
  compiler: 'vite',
  plugins: ['@tarojs/plugin-platform-weapp', '@tarojs/plugin-framework-react'],
  mini: {},
}
