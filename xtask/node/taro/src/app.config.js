export default {
  pages: ['pages/index/index'],
  window: { navigationBarTitleText: '鹊桥待办' },
}
