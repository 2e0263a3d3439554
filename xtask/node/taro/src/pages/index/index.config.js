export default { navigationBarTitleText: '鹊桥待办' }
